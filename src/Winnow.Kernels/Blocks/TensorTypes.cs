namespace Winnow.Kernels.Blocks;

/// <summary>Sizes of the storage types: how many values share a block and how many bytes that block takes.</summary>
public static class TensorTypes
{
    /// <summary>Whether the engine can read tensors of this type.</summary>
    /// <param name="type">A type id, possibly one that a newer file format defines.</param>
    public static bool IsSupported(TensorType type) => BlockBytesOrZero(type) != 0;

    /// <summary>Values in one block: 1 for floats, 32 or 256 for quantised types.</summary>
    /// <exception cref="NotSupportedException">The type is unknown.</exception>
    public static int BlockLength(TensorType type) => type switch
    {
        TensorType.F32 or TensorType.F16 or TensorType.BF16 => 1,
        TensorType.Q2_K or TensorType.Q3_K or TensorType.Q4_K or TensorType.Q5_K or TensorType.Q6_K => 256,
        _ when IsSupported(type) => 32,
        _ => throw Unknown(type),
    };

    /// <summary>Bytes of one block.</summary>
    /// <exception cref="NotSupportedException">The type is unknown.</exception>
    public static int BlockBytes(TensorType type)
    {
        int bytes = BlockBytesOrZero(type);
        return bytes != 0 ? bytes : throw Unknown(type);
    }

    /// <summary>Bytes of a row of <paramref name="columns"/> values.</summary>
    /// <exception cref="ArgumentException">The row does not fill whole blocks.</exception>
    public static long RowBytes(TensorType type, long columns)
    {
        int length = BlockLength(type);
        if (columns % length != 0)
            throw new ArgumentException($"a row of {columns} values does not fill whole {type} blocks of {length}", nameof(columns));
        return checked(columns / length * BlockBytes(type));
    }

    private static int BlockBytesOrZero(TensorType type) => type switch
    {
        TensorType.F32 => 4,
        TensorType.F16 or TensorType.BF16 => 2,
        TensorType.Q4_0 or TensorType.IQ4_NL => 18,
        TensorType.Q4_1 => 20,
        TensorType.Q5_0 => 22,
        TensorType.Q5_1 => 24,
        TensorType.Q8_0 => 34,
        TensorType.Q2_K => 84,
        TensorType.Q3_K => 110,
        TensorType.Q4_K => 144,
        TensorType.Q5_K => 176,
        TensorType.Q6_K => 210,
        _ => 0,
    };

    private static NotSupportedException Unknown(TensorType type) => new($"tensor type {(int)type} is not supported");
}
