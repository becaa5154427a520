using Winnow.Cli.Rendering;
using Winnow.Formats.Quantization;
using Winnow.Kernels.Blocks;

namespace Winnow.Cli.Output;

/// <summary>Answer of <c>quantize --json</c>.</summary>
internal sealed record QuantizeJson
{
    public required string Input { get; init; }

    public required string Output { get; init; }

    public required string Type { get; init; }

    public required long Bytes { get; init; }

    public required double BitsPerWeight { get; init; }

    public required IReadOnlyList<TensorTypeJson> Types { get; init; }

    /// <summary>Tensors whose rows do not fill the blocks of the type that the quantisation gives them.</summary>
    public required int Fallbacks { get; init; }

    /// <summary>Tensors that had lost precision before and lost more now.</summary>
    public required int Requantized { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Sums up the tensors that were written.</summary>
    public static QuantizeJson Of(string input, string output, QuantizationMix mix, IReadOnlyList<QuantizedTensor> tensors, TimeSpan time) => new()
    {
        Input = input,
        Output = output,
        Type = mix.Name,
        Bytes = new FileInfo(output).Length,
        BitsPerWeight = Figures.Measured(8.0 * tensors.Sum(tensor => tensor.Bytes) / Math.Max(1, tensors.Sum(tensor => tensor.Values))),
        Types =
        [
            .. tensors.GroupBy(tensor => tensor.Stored).OrderByDescending(group => group.Sum(tensor => tensor.Bytes)).Select(group => new TensorTypeJson(
                group.Key.ToString(), group.Count(), group.Sum(tensor => tensor.Values), group.Sum(tensor => tensor.Bytes))),
        ],
        Fallbacks = tensors.Count(tensor => tensor.Stored != tensor.Wanted),
        Requantized = tensors.Count(tensor => TensorTypes.BlockLength(tensor.Source) > 1 && tensor.Stored != tensor.Source && TensorTypes.BlockLength(tensor.Stored) > 1),
        Seconds = Figures.Measured(time.TotalSeconds),
    };
}
