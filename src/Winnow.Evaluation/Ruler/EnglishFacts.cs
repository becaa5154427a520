using System.Globalization;

namespace Winnow.Evaluation;

/// <summary>A question over passages, one of which (or two together) holds the answer.</summary>
/// <param name="Passages">What must be read to answer, in this order.</param>
/// <param name="Subjects">Whom and what the passages are about; no two facts of a text share one.</param>
/// <param name="Question">The question.</param>
/// <param name="Answers">Spellings of the answer.</param>
public sealed record RulerFact(IReadOnlyList<string> Passages, IReadOnlyList<string> Subjects, string Question, IReadOnlyList<string> Answers);

/// <summary>People and towns that do not exist, so that no model can know them.</summary>
internal static class EnglishFacts
{
    private static readonly string[] _first =
        ("Ada Albert Anton Beatrice Bruno Carla Cecil Clara Conrad Dagmar Edgar Edith Elias Emil Esther Felix Frida Gregor Greta Hanna "
        + "Harald Helen Hugo Ingrid Ivo Jonas Karl Laura Leon Lydia Martha Milo Nadia Oskar Paula Rufus Selma Simon Thea Viktor").Split(' ');

    private static readonly string[] _last =
        ("Abbott Barlow Brandt Calder Carver Dahl Doyle Ebert Falk Fenwick Garrick Hale Hartley Ingram Jensen Keller Kirby Lambert Linden "
        + "Lund Marsh Merrick Novak Okoro Orwell Paley Quirke Ramsay Rowan Sandoval Seaton Stroud Tarrant Thorne Ulrich Vance Weaver Whitlock "
        + "Yarrow Zeller").Split(' ');

    private static readonly string[] _trades =
    [
        "glassblower", "beekeeper", "locksmith", "gardener", "violinist", "baker", "surgeon", "pilot", "carpenter", "librarian", "tailor", "fisherman",
            "clockmaker", "printer", "teacher",
        "stonemason", "botanist", "translator", "dentist", "sculptor",
    ];

    private static readonly string[] _instruments = ["cello", "flute", "harp", "trumpet", "piano", "guitar", "clarinet", "organ", "banjo", "oboe", "mandolin",
        "bassoon"];
    private static readonly string[] _animals = ["a parrot", "two goats", "a tortoise", "three hens", "a grey cat", "a pony", "two rabbits", "an old dog",
        "a canary", "six geese"];
    private static readonly string[] _compass = ["", "", "Upper ", "Lower ", "Old ", "New ", "East ", "West "];

    private static readonly string[] _begin =
        ("Alder Ash Bel Bram Cal Cor Dun Elm Fal Gor Hal Har Ister Jar Kel Lang Lom Mar Mir Nor Oak Or Pel Quen Ros Sal Stan Tam Thorn Ul "
        + "Val Vel Wal Wex Wind Yar").Split(' ');

    private static readonly string[] _end =
        ("bury by dale den field ford gate ham haven hurst leigh low mere mouth port ridge stead stow ton wick wold worth").Split(' ');
    private static readonly string[] _rivers =
        ("Arvel Brine Cray Dorn Esk Farrow Glenn Hodder Isen Kell Leven Mease Nadder Orrin Pang Rhee Sarn Tavy Ure Wensum Yeo Avill Cale "
        + "Deben").Split(' ');

    /// <summary>A fact that one passage states: what somebody works as, plays, or when somebody was born.</summary>
    public static RulerFact OneHop(Random random)
    {
        string person = Person(random), trade = Pick(_trades, random), instrument = Pick(_instruments, random);
        string year = random.Next(1880, 2000).ToString(CultureInfo.InvariantCulture);
        string passage = $"{person} was born in {year} in {Town(random)}. After some years abroad, {person} came back and became a {trade}. "
            + $"In the evenings {person} plays the {instrument}, and keeps {Pick(_animals, random)} behind the house.";
        (string question, string answer) = random.Next(3) switch
        {
            0 => ($"What is the trade of {person}?", trade),
            1 => ($"Which instrument does {person} play?", instrument),
            _ => ($"In which year was {person} born?", year),
        };
        return new RulerFact([passage], [person], question, [answer]);
    }

    /// <summary>A fact that two passages state together: on which river the town lies where somebody lives.</summary>
    public static RulerFact TwoHop(Random random)
    {
        string person = Person(random), town = Town(random), river = Pick(_rivers, random);
        string who = $"{person} is a {Pick(_trades, random)} and lives in {town}. "
            + $"The house of {person} has a green door, and {Pick(_animals, random)} can be heard from the yard.";
        string where = $"{town} is a town on the river {river}. "
            + $"It has had a market since {random.Next(1200, 1800)}, and its bridge is made of {Pick(["stone", "timber", "iron", "brick"], random)}.";
        return new RulerFact([who, where], [person, town], $"On which river lies the town where {person} lives?", [river]);
    }

    private static string Person(Random random) => $"{Pick(_first, random)} {(char)('A' + random.Next(26))}. {Pick(_last, random)}";

    private static string Town(Random random) => Pick(_compass, random) + Pick(_begin, random) + Pick(_end, random);

    private static string Pick(string[] words, Random random) => words[random.Next(words.Length)];
}
