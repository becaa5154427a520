using System.Text.Json;
using Winnow.Formats;
using Winnow.Kernels.Linear;
using Winnow.Kernels.Threading;
using Winnow.Models;

namespace Winnow.Tests.Models;

/// <summary>SmolLM2-135M against figures of a reference implementation: the same file, weights dequantised, f32 arithmetic.</summary>
public sealed class GoldenSmolLm2Tests
{
    /// <summary>Texts up to this length run through the naive attention in seconds.</summary>
    private const int ShortText = 32;

    /// <summary>Only the shortest text is continued here: the tests of sequences continue them all, through the real cache.</summary>
    private const int GreedyText = 5;

    [Fact]
    public void Float_activations_reproduce_log_probabilities_and_greedy_text()
    {
        Run(ActivationMode.Float, (golden, attention) =>
        {
            float[][] logits = attention.Run(golden.Ids);
            AssertLogProbabilities(golden, logits, tolerance: 1e-3);
            Assert.Equal(golden.MeanNll, MeanNll(golden.Ids, logits), 1e-3);
            if (golden.Ids.Length <= GreedyText)
                Assert.Equal(golden.Greedy, Continue(attention, logits[^1], golden.Greedy.Length));
        });
    }

    [Fact]
    public void Quantised_activations_stay_within_a_tenth_and_begin_with_the_same_token()
    {
        Run(ActivationMode.Quantized, (golden, attention) =>
        {
            float[][] logits = attention.Run(golden.Ids);
            AssertLogProbabilities(golden, logits, tolerance: 0.1);
            Assert.Equal(golden.Greedy[0], BestOf(logits[^1]));
        });
    }

    private static void Run(ActivationMode mode, Action<Golden, NaiveAttention> check)
    {
        using Checkpoint checkpoint = Checkpoint.Open(SharedFiles.SmolLm2);
        using ThreadTeam team = new(2);
        using DecoderModel model = ModelLoader.Load(checkpoint, team, mode);
        Golden[] texts = [.. Golden.Read().Where(golden => golden.Ids.Length <= ShortText)];
        Assert.Equal(3, texts.Length);
        foreach (Golden golden in texts)
            check(golden, new NaiveAttention(model));
    }

    private static void AssertLogProbabilities(Golden golden, float[][] logits, double tolerance)
    {
        foreach (GoldenPosition position in golden.Positions)
        {
            double[] logProbabilities = LogSoftmax(logits[position.Position]);
            foreach ((int id, double expected) in position.Top)
                Assert.Equal(expected, logProbabilities[id], tolerance);
        }
    }

    private static int[] Continue(NaiveAttention attention, float[] logits, int count)
    {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++)
        {
            tokens[i] = BestOf(logits);
            logits = attention.Run([tokens[i]])[0];
        }
        return tokens;
    }

    private static int BestOf(float[] logits) => Array.IndexOf(logits, logits.Max());

    private static double MeanNll(int[] ids, float[][] logits) =>
        Enumerable.Range(1, ids.Length - 1).Average(i => -LogSoftmax(logits[i - 1])[ids[i]]);

    private static double[] LogSoftmax(float[] logits)
    {
        double largest = logits.Max();
        double logSum = largest + Math.Log(logits.Sum(logit => Math.Exp(logit - largest)));
        return Array.ConvertAll(logits, logit => logit - logSum);
    }

    private sealed record GoldenPosition(int Position, (int Id, double LogProbability)[] Top);

    private sealed record Golden(int[] Ids, GoldenPosition[] Positions, double MeanNll, int[] Greedy)
    {
        public static IEnumerable<Golden> Read()
        {
            using Stream stream = typeof(Golden).Assembly.GetManifestResourceStream("golden-smollm2.json")!;
            using JsonDocument document = JsonDocument.Parse(stream);
            foreach (JsonElement text in document.RootElement.EnumerateArray())
            {
                yield return new Golden(
                    Integers(text.GetProperty("ids")),
                    [.. text.GetProperty("positions").EnumerateArray().Select(ReadPosition)],
                    text.GetProperty("nll_mean").GetDouble(),
                    Integers(text.GetProperty("greedy")));
            }
        }

        private static GoldenPosition ReadPosition(JsonElement position) => new(
            position.GetProperty("position").GetInt32(),
            [.. position.GetProperty("top").EnumerateArray().Select(pair => (pair[0].GetInt32(), pair[1].GetDouble()))]);

        private static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetInt32())];
    }
}
