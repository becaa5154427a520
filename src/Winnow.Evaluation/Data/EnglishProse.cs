namespace Winnow.Evaluation;

/// <summary>Sentences of our own making that say nothing that is asked for: filler between what is hidden.</summary>
internal static class EnglishProse
{
    private static readonly string[] _subjects =
        ["The old road", "A narrow lane", "The village market", "The wooden bridge", "A small garden", "The river path", "The stone wall",
            "The morning train", "A quiet harbour", "The upper field"];

    private static readonly string[] _verbs = ["leads past", "lies behind", "can be seen from", "runs beside", "was built near", "looks down on", "ends at",
        "is older than"];

    private static readonly string[] _objects =
        ["the mill", "the chapel", "a row of poplars", "the school", "the ferry landing", "a field of barley", "the station", "the town hall", "an orchard",
            "the lighthouse"];

    private static readonly string[] _tails =
    [
        "and few people go there in winter", "and the children play there after lunch", "where the wind is strong in spring",
            "and nobody remembers who planned it",
        "which the painters like in autumn", "and it is swept every Saturday", "though the map does not show it", "and the grass is cut twice a year",
    ];

    /// <summary>Draws a sentence.</summary>
    public static string Sentence(Random random)
    {
        string sentence = $"{Pick(_subjects)} {Pick(_verbs)} {Pick(_objects)}";
        return random.Next(2) == 0 ? $"{sentence}." : $"{sentence}, {Pick(_tails)}.";

        string Pick(string[] words) => words[random.Next(words.Length)];
    }
}
