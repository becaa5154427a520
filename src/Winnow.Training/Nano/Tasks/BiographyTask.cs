namespace Winnow.Training.Nano.Tasks;

/// <summary>Short biographies, and questions about a person or about the person's friend.</summary>
/// <param name="name">Name of the task.</param>
/// <param name="hops">1 asks about persons, 2 about their friends; null asks both.</param>
internal sealed class BiographyTask(string name, int? hops = null) : NanoTask(name)
{
    private static readonly Attribute[] s_attributes =
    [
        new("lives in {0}", "Where does {0} live?", NanoWords.Cities),
        new("is a {0}", "What is the job of {0}?", NanoWords.Jobs),
        new("eats {0}", "What does {0} eat?", NanoWords.Foods),
        new("wears {0}", "What does {0} wear?", NanoWords.Colours),
        new("has a {0}", "Which pet does {0} have?", NanoWords.Pets),
    ];

    public override List<NanoUnit> Make(NanoRandom random, int count, int length) => MakeNamed(random, count).Units;

    /// <summary>Makes biographies and says whose they are. With two people, each is the other's friend.</summary>
    public (List<string> People, List<NanoUnit> Units) MakeNamed(NanoRandom random, int count)
    {
        string[] people = random.Sample(NanoWords.Names, Math.Clamp(count, 2, NanoWords.Names.Length));
        Attribute[] attributes = random.Sample(s_attributes, hops is null ? random.Next(2, 6) : 3);
        string[][] values = [.. people.Select(_ => attributes.Select(attribute => random.Pick(attribute.Values)).ToArray())];
        int[] friends = [.. people.Select((_, i) => (i + random.Next(1, people.Length)) % people.Length)];
        var units = new List<NanoUnit>();
        for (int i = 0; i < people.Length; i++)
        {
            string person = people[i], friend = people[friends[i]];
            List<string> facts = [.. attributes.Select((attribute, a) => $"{person} {string.Format(null, attribute.Fact, values[i][a])}.")];
            facts.Add($"The friend of {person} is {friend}.");
            var exchanges = new List<NanoExchange>();
            for (int a = 0; a < attributes.Length; a++)
            {
                (string fact, string question) = (attributes[a].Fact, attributes[a].Question);
                string verb = string.Format(null, fact, "").TrimEnd();
                if (hops != 2)
                    exchanges.Add(new NanoExchange(string.Format(null, question, person), $"{person} {verb}", $"{values[i][a]}."));
                if (hops != 1)
                    exchanges.Add(new NanoExchange(string.Format(null, question, $"the friend of {person}"), $"The friend of {person} is", $"{friend}. {friend} {verb} {values[friends[i]][a]}."));
            }

            // A biography is read in one piece.
            units.Add(new NanoUnit([string.Join(' ', facts)], exchanges));
        }

        return ([.. people], units);
    }

    private sealed record Attribute(string Fact, string Question, string[] Values);
}
