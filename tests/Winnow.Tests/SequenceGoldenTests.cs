using System.Text.Json;
using Winnow.Decoding;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Linear;

namespace Winnow.Tests;

/// <summary>SmolLM2 through the whole engine, cache included, against reference figures in 32-bit arithmetic.</summary>
public sealed class SequenceGoldenTests
{
    [Fact]
    public void Exact_arithmetic_reaches_the_reference_within_a_thousandth()
    {
        using LanguageModel model = LanguageModel.Load(SharedFiles.SmolLm2, new ModelOptions { Activations = ActivationMode.Float, ChunkSize = 300 });
        foreach (JsonElement golden in Golden())
            Assert.InRange(LargestError(model, golden, EntryType.F32), 0, 1e-3);
    }

    [Fact]
    public void Exact_arithmetic_generates_the_reference_tokens()
    {
        using LanguageModel model = LanguageModel.Load(SharedFiles.SmolLm2, new ModelOptions { Activations = ActivationMode.Float });
        foreach (JsonElement golden in Golden())
        {
            using Sequence sequence = model.CreateSequence(entries: EntryType.F32);
            sequence.Prefill(Integers(golden, "ids"));
            int[] expected = Integers(golden, "greedy");
            GenerationOptions options = new() { MaxTokens = expected.Length, StopAtEnd = false };
            Assert.Equal(expected, TextGenerator.Generate(model, sequence, options).Where(token => token.Token >= 0).Select(token => token.Token));
        }
    }

    [Fact]
    public void The_fast_path_stays_within_a_tenth_and_begins_with_the_same_token()
    {
        using LanguageModel model = LanguageModel.Load(SharedFiles.SmolLm2);
        foreach (JsonElement golden in Golden())
        {
            Assert.InRange(LargestError(model, golden, EntryType.F16), 0, 0.1);
            using Sequence sequence = model.CreateSequence();
            Span<float> logits = sequence.Prefill(Integers(golden, "ids"));
            Assert.Equal(Integers(golden, "greedy")[0], System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(logits));
        }
    }

    private static double LargestError(LanguageModel model, JsonElement golden, EntryType entries)
    {
        Dictionary<int, JsonElement> positions = golden.GetProperty("positions").EnumerateArray().ToDictionary(p => p.GetProperty("position").GetInt32());
        double worst = 0;
        using Sequence sequence = model.CreateSequence(entries: entries);
        sequence.Prefill(Integers(golden, "ids"), 0, (row, logits) =>
        {
            if (!positions.TryGetValue(row, out JsonElement position))
                return;
            double highest = System.Numerics.Tensors.TensorPrimitives.Max<float>(logits), sum = 0;
            foreach (float logit in logits)
                sum += Math.Exp(logit - highest);
            foreach (JsonElement pair in position.GetProperty("top").EnumerateArray())
                worst = Math.Max(worst, Math.Abs(logits[pair[0].GetInt32()] - highest - Math.Log(sum) - pair[1].GetDouble()));
        });
        return worst;
    }

    private static int[] Integers(JsonElement golden, string name) => [.. golden.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    private static IEnumerable<JsonElement> Golden() =>
        JsonDocument.Parse(File.ReadAllText(SharedFiles.GoldenSmolLm2)).RootElement.EnumerateArray().Select(element => element.Clone());
}
