using Winnow.Kernels.Blocks;

namespace Winnow.Formats.Quantization;

/// <summary>How far a quantisation is.</summary>
/// <param name="Tensor">The tensor that is written.</param>
/// <param name="BytesDone">Bytes read of the source's tensors.</param>
/// <param name="BytesTotal">Bytes of all of them.</param>
public readonly record struct QuantizationProgress(string Tensor, long BytesDone, long BytesTotal);

/// <summary>One tensor of a quantised file.</summary>
/// <param name="Name">Name in both files.</param>
/// <param name="Source">Type it had.</param>
/// <param name="Wanted">Type that the mix gives it.</param>
/// <param name="Stored">Type it has: another where its rows do not fill whole blocks of <paramref name="Wanted"/>.</param>
/// <param name="Values">Number of values.</param>
/// <param name="Bytes">Bytes in the new file.</param>
public sealed record QuantizedTensor(string Name, TensorType Source, TensorType Wanted, TensorType Stored, long Values, long Bytes);

/// <summary>Writes a GGUF model in another quantisation. Tensors pass one after another, so memory holds a few megabytes whatever the model's size.</summary>
public static class ModelQuantizer
{
    /// <summary>Version of the block formats, which files name beside their types.</summary>
    private const uint FormatVersion = 2;

    private const string FileTypeKey = "general.file_type";
    private const string FormatVersionKey = "general.quantization_version";
    private const string AlignmentKey = "general.alignment";
    private const string SplitPrefix = "split.";

    /// <summary>The tensors that a quantisation writes, in the order of the source.</summary>
    public static IReadOnlyList<QuantizedTensor> Plan(Checkpoint source, QuantizationMix mix)
    {
        int layers = source.Tensors.Keys.Select(QuantizationMix.LayerOf).Max() + 1 ?? 0;
        bool tied = !source.Tensors.ContainsKey("output.weight");
        return [.. source.Tensors.Values.Select(tensor => Plan(tensor, mix, layers, tied))];
    }

    /// <summary>Writes the file whole or not at all: it has a temporary name until its last byte is there.</summary>
    /// <param name="source">The model.</param>
    /// <param name="mix">The quantisation.</param>
    /// <param name="output">File to write; one that is there is replaced. Must not be a file of <paramref name="source"/>.</param>
    /// <param name="threads">Threads that encode; 0 for one on each processor.</param>
    /// <param name="progress">Told of every piece, or null.</param>
    /// <param name="cancellation">Stops the work and removes the temporary file.</param>
    /// <returns>The tensors of the new file.</returns>
    /// <exception cref="WinnowException">The source is no GGUF model, holds values that the type cannot store, or the file cannot be written.</exception>
    public static IReadOnlyList<QuantizedTensor> Write(
        Checkpoint source, QuantizationMix mix, string output, int threads = 0, IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        if (source is not GgufFile gguf)
            throw new WinnowException($"{source.Path}: only GGUF models can be quantised; convert the safetensors to an F16 or BF16 GGUF file first");
        IReadOnlyList<QuantizedTensor> plan = Plan(source, mix);
        GgufWriter writer = new((int)gguf.Metadata.GetIntegerOrDefault(AlignmentKey, 32));
        AddMetadata(writer, gguf.Metadata, mix);
        TensorRecoder recoder = new(threads > 0 ? threads : Environment.ProcessorCount, cancellation);
        long done = 0, total = source.Tensors.Values.Sum(tensor => tensor.Data.Length);
        foreach (QuantizedTensor planned in plan)
        {
            TensorInfo tensor = source.Get(planned.Name);
            writer.AddTensor(planned.Name, planned.Stored, tensor.Shape, stream => recoder.Write(
                tensor, planned.Stored, stream, bytes => progress?.Report(new QuantizationProgress(planned.Name, done += bytes, total))));
        }

        try
        {
            writer.Write(output);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WinnowException(
                $"{output}: the file could not be written ({InputFile.OneLine(error.Message)}); free space or choose another place, nothing was left behind", error);
        }

        return plan;
    }

    private static QuantizedTensor Plan(TensorInfo tensor, QuantizationMix mix, int layers, bool tied)
    {
        long columns = tensor.Shape.Count == 0 ? 1 : tensor.Shape[^1];
        TensorType wanted = TypeOf(tensor, mix, layers, tied), stored = QuantizationMix.Fitting(wanted, columns);
        return new QuantizedTensor(
            tensor.Name, tensor.Type, wanted, stored, tensor.ElementCount, TensorTypes.RowBytes(stored, columns) * (tensor.ElementCount / columns));
    }

    private static TensorType TypeOf(TensorInfo tensor, QuantizationMix mix, int layers, bool tied)
    {
        if (tensor.Shape.Count < 2)
            return TensorType.F32;
        bool isMatrix = tensor.Name.EndsWith(".weight", StringComparison.Ordinal) && !tensor.Name.EndsWith("_norm.weight", StringComparison.Ordinal)
            && tensor.Name != "position_embd.weight";
        return isMatrix ? mix.TypeOf(tensor.Name, layers, tied) : tensor.Type;
    }

    private static void AddMetadata(GgufWriter writer, GgufMetadata metadata, QuantizationMix mix)
    {
        foreach (string key in metadata.Keys)
        {
            // The new file is one, whatever number of parts the source has; its own alignment the writer records.
            if (key is not (FileTypeKey or FormatVersionKey or AlignmentKey) && !key.StartsWith(SplitPrefix, StringComparison.Ordinal))
                writer.AddEncoded(key, metadata);
        }

        writer.Add(FileTypeKey, (uint)mix.FileType).Add(FormatVersionKey, FormatVersion);
    }
}
