using System.Globalization;
using System.Text;
using Winnow.Tokenization;

namespace Winnow.Evaluation;

/// <summary>
/// Questions over texts of our own making, in plain English: one six-digit number hidden in filler, one of six such numbers, and one stated fact about a
/// person. Small models answer them, and a cache that drops the wrong entries does not.
/// </summary>
public static class RetrievalTexts
{
    private const int MaxNewTokens = 16;

    private static readonly string[] _places =
        ["Velden", "Harrow", "Tamsin", "Orwick", "Belmar", "Castor", "Dunlow", "Esker", "Fallon", "Gorsey", "Hallam", "Istria", "Jarrow", "Kelso", "Lomond",
            "Mirfield"];

    private static readonly string[] _people =
    [
        "Martha Linden", "Oskar Brandt", "Helen Marsh", "Peter Novak", "Ruth Calder", "Simon Hale", "Clara Jensen", "David Okoro", "Emma Doyle",
            "Frank Weaver", "Grace Lund",
        "Henry Stone",
    ];

    private static readonly string[] _cities =
        ["Paris", "Oslo", "Lisbon", "Vienna", "Dublin", "Prague", "Madrid", "Athens", "Boston", "Cairo", "Warsaw", "Chicago"];

    /// <summary>Makes rows of all three tasks.</summary>
    /// <param name="tokenizer">Counts the tokens.</param>
    /// <param name="length">Tokens of a text, about.</param>
    /// <param name="samples">Rows of each task.</param>
    /// <param name="seed">Seed of the draws.</param>
    public static IReadOnlyList<DataRow> Create(Tokenizer tokenizer, int length, int samples, int seed)
    {
        if (length < 200)
            throw new WinnowException($"texts of {length} tokens have no room for filler; use 200 or more");
        if (samples is < 1 or > 10_000)
            throw new WinnowException($"{samples} texts of each kind cannot be made; use 1 to 10000");
        Random random = new(seed);
        List<DataRow> rows = [];
        for (int i = 0; i < samples; i++)
            rows.Add(Numbers("one_number", tokenizer, length, random, statements: 1, Depth(i, samples)));
        for (int i = 0; i < samples; i++)
            rows.Add(Numbers("one_of_six", tokenizer, length, random, statements: 6, Depth(i, samples)));
        for (int i = 0; i < samples; i++)
            rows.Add(Fact(tokenizer, length, random, Depth(i, samples)));
        return rows;
    }

    /// <summary>Where in the text a statement stands, spread over the rows.</summary>
    private static double Depth(int index, int samples) => (index + 0.5) / samples;

    private static DataRow Numbers(string task, Tokenizer tokenizer, int length, Random random, int statements, double depth)
    {
        string[] places = Draw(_places, statements, random);
        string[] numbers = [.. places.Select(_ => random.Next(100_000, 1_000_000).ToString(CultureInfo.InvariantCulture))];
        string[] hidden = [.. places.Zip(numbers, (place, number) => $"The secret number of {place} is {number}.")];
        int asked = random.Next(statements);
        return new DataRow
        {
            Task = task,
            Context = Hide(tokenizer, length, random, hidden, asked, depth),
            Question = $"What is the secret number of {places[asked]}?",
            AnswerPrefix = $"The secret number of {places[asked]} is",
            Answers = [numbers[asked]],
            MaxNewTokens = MaxNewTokens,
        };
    }

    private static DataRow Fact(Tokenizer tokenizer, int length, Random random, double depth)
    {
        string person = Draw(_people, 1, random)[0], city = Draw(_cities, 1, random)[0];
        return new DataRow
        {
            Task = "one_fact",
            Context = Hide(tokenizer, length, random, [$"{person} lives in the city of {city}."], 0, depth),
            Question = $"In which city does {person} live?",
            AnswerPrefix = $"{person} lives in the city of",
            Answers = [city],
            MaxNewTokens = MaxNewTokens,
        };
    }

    /// <summary>Filler with statements in it: the one that is asked for at its depth, the others at random.</summary>
    private static string Hide(Tokenizer tokenizer, int length, Random random, string[] statements, int asked, double depth)
    {
        List<string> sentences = [];
        int tokens = statements.Sum(Count);
        while (tokens < length)
        {
            sentences.Add(EnglishProse.Sentence(random));
            tokens += Count(sentences[^1]);
        }

        for (int i = 0; i < statements.Length; i++)
        {
            if (i != asked)
                sentences.Insert(random.Next(sentences.Count + 1), statements[i]);
        }

        sentences.Insert((int)(depth * sentences.Count), statements[asked]);
        StringBuilder text = new();
        for (int i = 0; i < sentences.Count; i++)
            text.Append(i == 0 ? "" : i % 6 == 0 ? "\n\n" : " ").Append(sentences[i]);
        return text.ToString();

        int Count(string sentence) => tokenizer.Encode(" " + sentence).Count;
    }

    private static string[] Draw(string[] words, int count, Random random)
    {
        string[] shuffled = [.. words];
        random.Shuffle(shuffled);
        return shuffled[..count];
    }
}
