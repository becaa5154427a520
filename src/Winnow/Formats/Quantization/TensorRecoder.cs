using System.Numerics.Tensors;
using Winnow.Kernels.Blocks;

namespace Winnow.Formats.Quantization;

/// <summary>Stores a tensor in another type, some rows at a time, so that memory does not grow with the tensor.</summary>
/// <param name="threads">Threads that encode rows.</param>
/// <param name="cancellation">Stops between two pieces.</param>
internal sealed class TensorRecoder(int threads, CancellationToken cancellation)
{
    /// <summary>Values of a piece, unless one row has more.</summary>
    private const int PieceValues = 1 << 20;

    private readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = threads };

    /// <summary>Writes all rows of a tensor; bytes of the same type pass unchanged.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="target">Type to write; rows must fill whole blocks of it.</param>
    /// <param name="stream">Receives the bytes.</param>
    /// <param name="done">Called with the source bytes of every piece.</param>
    /// <exception cref="WinnowException">A value is not finite or too large for the type.</exception>
    public void Write(TensorInfo tensor, TensorType target, Stream stream, Action<long> done)
    {
        int columns = tensor.Shape.Count == 0 ? 1 : checked((int)tensor.Shape[^1]);
        long rows = tensor.ElementCount / columns;
        int sourceBytes = checked((int)TensorTypes.RowBytes(tensor.Type, columns)), targetBytes = checked((int)TensorTypes.RowBytes(target, columns));
        int most = (int)Math.Min(rows, Math.Max(1, PieceValues / columns));
        byte[] piece = new byte[checked(most * targetBytes)];
        for (long first = 0; first < rows; first += most)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = (int)Math.Min(most, rows - first);
            if (target == tensor.Type)
                tensor.Data.AsSpan(first * sourceBytes, count * sourceBytes).CopyTo(piece);
            else
                Recode(tensor, target, columns, first, count, piece);
            stream.Write(piece, 0, count * targetBytes);
            done((long)count * sourceBytes);
        }
    }

    private void Recode(TensorInfo tensor, TensorType target, int columns, long first, int count, byte[] piece)
    {
        int sourceBytes = (int)TensorTypes.RowBytes(tensor.Type, columns), targetBytes = (int)TensorTypes.RowBytes(target, columns);
        float largest = Largest(target);
        long refused = -1;
        Parallel.For(0, count, _parallel, () => new float[columns], (row, _, values) =>
        {
            Dequantizer.ToFloat(tensor.Type, tensor.Data.AsSpan((first + row) * sourceBytes, sourceBytes), values);
            // Not a number compares false with everything.
            if (Math.Abs(TensorPrimitives.MaxMagnitude<float>(values)) <= largest)
                Quantizer.FromFloat(target, values, piece.AsSpan(row * targetBytes, targetBytes));
            else
                Interlocked.Exchange(ref refused, first + row);
            return values;
        }, static _ => { });
        if (refused >= 0)
            throw new WinnowException($"tensor {InputFile.Quote(tensor.Name)} holds values in row {refused} that {target} cannot store (not finite, "
                + $"or above {largest:0.###e0}); the source is broken, or needs BF16 or F32");
    }

    /// <summary>Largest magnitude of a type: all but two have f16 values or f16 scales.</summary>
    private static float Largest(TensorType type) => type is TensorType.F32 or TensorType.BF16 ? float.MaxValue : (float)Half.MaxValue;
}
