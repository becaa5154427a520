namespace Winnow.Training.Nano.Tasks;

/// <summary>Short stories from a template, told on request.</summary>
internal sealed class StoryTask(string name) : NanoTask(name)
{
    public override bool HasFacts => false;

    public override List<NanoUnit> Make(NanoRandom random, int count, int length) =>
        [.. Enumerable.Range(0, count).Select(_ => new NanoUnit([], [Exchange(random)]))];

    private static NanoExchange Exchange(NanoRandom random)
    {
        string[] people = random.Sample(NanoWords.Names, 2);
        (string hero, string friend) = (people[0], people[1]);
        (string job, string city, string pet) = (random.Pick(NanoWords.Jobs), random.Pick(NanoWords.Cities), random.Pick(NanoWords.Pets));
        (string place, string other, string food) = (random.Pick(NanoWords.Nouns), random.Pick(NanoWords.Nouns), random.Pick(NanoWords.Foods));
        string lost = random.Pick(["ran away to", "went to", "was lost near"]);
        string start = $"Once upon a time there was a {job} in {city}. The name of the {job} was {hero}. Every day {hero} played with a {pet}.";
        string middle = $"One day the {pet} {lost} the {place}. {hero} was very sad and asked {friend} to help. They looked near the {other} and at the {place}.";
        string end = $"There {friend} found the {pet}. {hero} was happy and gave {friend} some {food}. Then they all went home.";
        return new NanoExchange($"Tell a story about {hero}, a {job} in {city} with a {pet}.", $"{start} {middle}", end);
    }
}
