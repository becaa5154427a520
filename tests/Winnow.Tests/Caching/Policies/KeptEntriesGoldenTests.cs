using System.Text.Json;
using Winnow.Caching;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Linear;

namespace Winnow.Tests.Caching.Policies;

/// <summary>
/// What policies keep of 1,372 tokens on SmolLM2, against an implementation of the same scores that was written apart from this one, in NumPy: forward pass in
/// 32-bit floats, statistics of the expected attention in 64-bit. The file holds the tokens and, for some layers and each KV head, one bit for each token that
/// stays, lowest first.
/// </summary>
public sealed class KeptEntriesGoldenTests
{
    // Scores that differ in the last bits of a float exchange a few entries at the border.
    private const double LeastShare = 0.985;

    [Theory]
    [InlineData("observed", "h2o:norm=mean-over-visible,recent=1")]
    [InlineData("expected", "expected-attention")]
    [InlineData("expected_without_covariance", "expected-attention:covariance=false")]
    public void Keeps_what_an_independent_implementation_keeps(string scores, string policy)
    {
        using LanguageModel model = LanguageModel.Load(SharedFiles.SmolLm2, new ModelOptions { Activations = ActivationMode.Float });
        using JsonDocument golden = Read();
        int[] tokens = [.. golden.RootElement.GetProperty("tokens").EnumerateArray().Select(token => token.GetInt32())];
        using Sequence sequence = model.CreateSequence(PolicyCatalogue.Parse(policy, Budget.Parse("25%")), EntryType.F32);
        sequence.Prefill(tokens);
        foreach (JsonProperty layer in golden.RootElement.GetProperty("kept").GetProperty(scores).EnumerateObject())
        {
            int head = 0;
            foreach (JsonElement bits in layer.Value.EnumerateArray())
            {
                HashSet<int> expected = Positions(bits.GetString()!);
                ReadOnlySpan<int> kept = sequence.Cache[int.Parse(layer.Name), head++].Positions;
                int shared = 0;
                foreach (int position in kept)
                    shared += expected.Contains(position) ? 1 : 0;
                Assert.InRange(kept.Length, expected.Count - 1, expected.Count + 1);
                Assert.True(shared >= LeastShare * expected.Count, $"layer {layer.Name}, head {head - 1}: {shared} of {expected.Count} entries agree");
            }
        }
    }

    private static HashSet<int> Positions(string hexadecimal)
    {
        byte[] bytes = Convert.FromHexString(hexadecimal);
        return [.. Enumerable.Range(0, 8 * bytes.Length).Where(position => (bytes[position / 8] >> (position % 8) & 1) != 0)];
    }

    private static JsonDocument Read()
    {
        using Stream stream = typeof(KeptEntriesGoldenTests).Assembly.GetManifestResourceStream("kept-smollm2.json")!;
        return JsonDocument.Parse(stream);
    }
}
