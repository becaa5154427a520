using System.Globalization;
using Winnow.Decoding;
using Winnow.Tokenization;

namespace Winnow.Evaluation;

/// <summary>Which needles are hidden in which haystacks.</summary>
public sealed record NeedleOptions
{
    /// <summary>Most tokens of a row: prompt with the model's template, and the answer.</summary>
    public IReadOnlyList<int> Lengths { get; init; } = [1024, 2048, 4096];

    /// <summary>Where the needle lies: 0 at the text's beginning, 1 at its end.</summary>
    public IReadOnlyList<double> Depths { get; init; } = [0, 0.25, 0.5, 0.75, 1];

    /// <summary>Rows for each length and depth.</summary>
    public int Samples { get; init; } = 3;

    /// <summary>Seed of the draws.</summary>
    public int Seed { get; init; }

    /// <summary>The words.</summary>
    public RulerLanguage Language { get; init; } = RulerLanguage.English;
}

/// <summary>A row, and the cell of the heat map that it belongs to.</summary>
/// <param name="Row">The row.</param>
/// <param name="Length">Length asked for, in tokens.</param>
/// <param name="Depth">Where the needle lies, 0 to 1.</param>
public sealed record NeedleRow(DataRow Row, int Length, double Depth);

/// <summary>One number hidden in running text, at chosen depths of texts of chosen lengths: where in its context a cache forgets.</summary>
public static class NeedleTexts
{
    private const int MaxNewTokens = 16;

    /// <summary>Makes the rows, length by length and depth by depth.</summary>
    /// <param name="tokenizer">Counts the tokens.</param>
    /// <param name="options">Lengths, depths, samples.</param>
    /// <exception cref="WinnowException">A length has no room for the needle, or a depth is not from 0 to 1.</exception>
    public static IReadOnlyList<NeedleRow> Create(Tokenizer tokenizer, NeedleOptions options)
    {
        if (options.Samples is < 1 or > 10_000)
            throw new WinnowException($"{options.Samples} rows of each length and depth cannot be made; use 1 to 10000");
        PromptRenderer renderer = new(tokenizer, raw: false);
        LengthFitter fitter = new(row => QuestionWork.Encode(renderer, row).Tokens.Length);
        List<NeedleRow> rows = [];
        foreach (int length in options.Lengths)
        {
            foreach (double depth in options.Depths)
            {
                if (depth is not (>= 0 and <= 1))
                    throw new WinnowException(string.Create(CultureInfo.InvariantCulture,
                        $"a needle cannot lie at a depth of {depth * 100:0.##} %; use 0 to 100"));
                for (int sample = 0; sample < options.Samples; sample++)
                {
                    int seed = Seeds.Of(options.Seed, string.Create(CultureInfo.InvariantCulture, $"needle {length} {depth}"), sample);
                    rows.Add(new NeedleRow(fitter.Fit(length, 1, size => Build(options.Language, new Random(seed), length, depth, size)), length, depth));
                }
            }
        }

        return rows;
    }

    private static DataRow Build(RulerLanguage language, Random random, int length, double depth, int size)
    {
        string key = language.Key(random), value = language.Value(RulerValue.Number, random);
        List<string> sentences = [.. Enumerable.Range(0, size).Select(_ => language.Filler(random))];
        sentences.Insert(Place(sentences, depth), language.Needle(RulerValue.Number, key, value));
        RulerFrame frame = language.AskValues(RulerValue.Number, [key], single: true);
        return new DataRow
        {
            Task = string.Create(CultureInfo.InvariantCulture, $"needle_{length}"),
            Context = frame.Introduce(string.Join(' ', sentences)),
            Question = frame.Question,
            AnswerPrefix = frame.AnswerPrefix,
            Answers = [value],
            MaxNewTokens = MaxNewTokens,
            Metric = AnswerMetric.Recall,
        };
    }

    /// <summary>Number of sentences whose end lies nearest to a share of the text.</summary>
    private static int Place(List<string> sentences, double depth)
    {
        double wanted = depth * sentences.Sum(sentence => sentence.Length), before = 0;
        int place = 0;
        while (place < sentences.Count && before + sentences[place].Length / 2.0 < wanted)
            before += sentences[place++].Length;
        return place;
    }
}

/// <summary>Scores of one policy with one budget over lengths and depths.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Keep">Its budget.</param>
/// <param name="Lengths">Lengths in tokens, the columns.</param>
/// <param name="Depths">Depths from 0 to 1, the rows.</param>
/// <param name="Scores">[depth, length]: percent of the needles found.</param>
public sealed record NeedleGrid(string Policy, string Keep, IReadOnlyList<int> Lengths, IReadOnlyList<double> Depths, double[,] Scores)
{
    /// <summary>Sorts a result's rows into cells.</summary>
    public static NeedleGrid Of(SweepResult result, IReadOnlyList<NeedleRow> rows)
    {
        int[] lengths = [.. rows.Select(row => row.Length).Distinct()];
        double[] depths = [.. rows.Select(row => row.Depth).Distinct()];
        double[,] scores = new double[depths.Length, lengths.Length];
        foreach (var cell in rows.Zip(result.Rows).GroupBy(pair => (pair.First.Length, pair.First.Depth), pair => pair.Second.Scores[0]))
            scores[Array.IndexOf(depths, cell.Key.Depth), Array.IndexOf(lengths, cell.Key.Length)] = cell.Average();
        return new NeedleGrid(result.Policy, result.Keep, lengths, depths, scores);
    }
}
