using Winnow.Cli.Options;
using Winnow.Cli.Rendering;
using Winnow.Evaluation;
using Winnow.Kernels.Linear;

namespace Winnow.Cli.Output;

/// <summary>Turns speed measurements into their JSON.</summary>
internal static class BenchmarkJson
{
    /// <summary>The results of one model, with the machine they were measured on.</summary>
    /// <param name="model">The model.</param>
    /// <param name="results">At least one result; all of one policy and entry type.</param>
    public static BenchJson Of(LanguageModel model, IReadOnlyList<BenchmarkResult> results) => new(
        Machine.Describe(),
        results[0].Model,
        model.Checkpoint.Tensors.Values.Sum(tensor => tensor.Data.Length),
        results[0].Threads,
        results[0].Policy,
        results[0].Entries.ToString(),
        Bits(model.Options.Activations),
        [.. results.Select(Of)]);

    /// <summary>How fast memory is read.</summary>
    public static BandwidthJson Of(int threads, IEnumerable<(long Bytes, SpeedSummary Speed)> results) =>
        new(Machine.Describe(), threads, [.. results.Select(result => new BandwidthRowJson(
            result.Bytes, result.Speed.Runs.Count, Giga(result.Speed.Median),
            new SpreadJson(Giga(result.Speed.Min), Giga(result.Speed.LowerQuartile), Giga(result.Speed.UpperQuartile), Giga(result.Speed.Max))))]);

    private static BenchRowJson Of(BenchmarkResult result) => new()
    {
        Depth = result.Depth,
        Sequences = result.Sequences,
        PromptTokens = result.PromptTokens,
        GenTokens = result.GenTokens,
        Runs = result.Decode.Runs.Count,
        PrefillTokensPerS = Figures.Measured(result.Prefill.Median),
        PrefillSpread = Of(result.Prefill),
        PrefillRuns = [.. result.Prefill.Runs.Select(Figures.Measured)],
        DecodeTokensPerS = Figures.Measured(result.Decode.Median),
        DecodeSpread = Of(result.Decode),
        DecodeRuns = [.. result.Decode.Runs.Select(Figures.Measured)],
        BytesPerToken = result.BytesPerToken,
        WeightBytesPerToken = result.WeightBytesPerToken,
        KvBytesPerToken = result.KvBytesPerToken,
        KvBytes = result.KvBytes,
        KvBytesFull = result.KvBytesFull,
        Windows = result.Windows.Count == 0
            ? null
            : [.. result.Windows.Select(window => new WindowJson(window.Tokens, Figures.Measured(window.TokensPerSecond), window.KvBytes))],
    };

    private static int Bits(ActivationMode mode) => mode switch
    {
        ActivationMode.QuantizedByte => 8,
        ActivationMode.Float => 32,
        _ => 16,
    };

    private static double Giga(double bytesPerSecond) => Figures.Measured(bytesPerSecond / 1e9);

    private static SpreadJson Of(SpeedSummary speed) =>
        new(Figures.Measured(speed.Min), Figures.Measured(speed.LowerQuartile), Figures.Measured(speed.UpperQuartile), Figures.Measured(speed.Max));
}
