using Winnow.Kernels.Blocks;
using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Linear;

/// <summary>
/// A weight matrix in its stored format, [<see cref="Rows"/> = output features, <see cref="Columns"/> = input features], rows one after another.
/// A view of a mapped file is not copied; that file must outlive the matrix.
/// </summary>
public sealed class WeightMatrix
{
    // Keeps memory that the matrix itself allocated alive; null for a view of someone else's.
    private readonly NativeBuffer<float>? _owned;
    private NativeBuffer<byte>? _packed;

    /// <summary>Wraps stored rows.</summary>
    /// <param name="type">Storage type.</param>
    /// <param name="rows">Output features.</param>
    /// <param name="columns">Input features, a whole number of blocks.</param>
    /// <param name="data">Exactly the bytes of all rows.</param>
    /// <exception cref="ArgumentException">The size of <paramref name="data"/> does not match, or a row does not fill whole blocks.</exception>
    /// <exception cref="NotSupportedException">The type is unknown.</exception>
    public WeightMatrix(TensorType type, int rows, int columns, NativeBytes data)
        : this(type, rows, columns, data, owned: null)
    {
    }

    private WeightMatrix(TensorType type, int rows, int columns, NativeBytes data, NativeBuffer<float>? owned)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        RowBytes = checked((int)TensorTypes.RowBytes(type, columns));
        if (data.Length != (long)rows * RowBytes)
            throw new ArgumentException($"a {rows} x {columns} matrix of {type} takes {(long)rows * RowBytes} bytes, not {data.Length}", nameof(data));
        Type = type;
        Rows = rows;
        Columns = columns;
        Data = data;
        _owned = owned;
    }

    /// <summary>Storage type.</summary>
    public TensorType Type { get; }

    /// <summary>Output features.</summary>
    public int Rows { get; }

    /// <summary>Input features.</summary>
    public int Columns { get; }

    /// <summary>The stored rows.</summary>
    public NativeBytes Data { get; }

    /// <summary>The rows as the assembled product wants them; null where they are not packed.</summary>
    internal unsafe byte* PackedRows => _packed is null ? null : _packed.Pointer;

    /// <summary>Bytes of one row.</summary>
    internal int RowBytes { get; }

    /// <summary>Whether <see cref="Pack"/> serves this type and this machine.</summary>
    public bool IsPackable => WeightPacker.Serves(this);

    /// <summary>Copies row-major floats into an F32 matrix that owns its memory.</summary>
    /// <exception cref="ArgumentException"><paramref name="values"/> does not hold rows × columns values.</exception>
    public static WeightMatrix FromFloats(int rows, int columns, ReadOnlySpan<float> values)
    {
        if (values.Length != (long)rows * columns)
            throw new ArgumentException($"a {rows} x {columns} matrix has {(long)rows * columns} values, not {values.Length}", nameof(values));
        var memory = new NativeBuffer<float>(values.Length);
        values.CopyTo(memory.Span);
        return new WeightMatrix(TensorType.F32, rows, columns, memory.Bytes, memory);
    }

    /// <summary>
    /// Lays the rows out a second time, for a product that reads them several times as fast as they lie in a file; does nothing where such a product does
    /// not serve the type or the machine. The stored rows are still needed, for single rows and for float arithmetic. Not to be called beside a product.
    /// </summary>
    /// <returns>The memory of the packed rows, which the caller disposes when the matrix is no longer used; null when nothing was packed.</returns>
    public IDisposable? Pack() => _packed ??= WeightPacker.Pack(this);

    /// <summary>Decodes one row, for example an embedding.</summary>
    /// <param name="row">Row index.</param>
    /// <param name="destination">Receives <see cref="Columns"/> values.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    public void DequantizeRow(int row, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        if (destination.Length != Columns)
            throw new ArgumentException($"a row has {Columns} values, the destination {destination.Length}", nameof(destination));
        Dequantizer.ToFloat(Type, Data.AsSpan((long)row * RowBytes, RowBytes), destination);
        GC.KeepAlive(this);
    }

    /// <summary>Rows <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> − 1 as a matrix over the same memory.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rows lie outside the matrix.</exception>
    public WeightMatrix Slice(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Rows - start);
        return new WeightMatrix(Type, count, Columns, Data.Slice((long)start * RowBytes, (long)count * RowBytes), _owned);
    }
}
