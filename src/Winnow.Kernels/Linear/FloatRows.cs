using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Winnow.Kernels.Linear.Formats;

namespace Winnow.Kernels.Linear;

/// <summary>How a row of stored floats is read.</summary>
internal unsafe interface IFloatRow
{
    /// <summary>Values <paramref name="column"/> to <paramref name="column"/> + 7.</summary>
    static abstract Vector256<float> Load(byte* row, int column);

    /// <summary>One value.</summary>
    static abstract float At(byte* row, int column);
}

internal readonly unsafe struct Float32Row : IFloatRow
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* row, int column) => Vector256.Load((float*)row + column);

    public static float At(byte* row, int column) => ((float*)row)[column];
}

/// <summary>Finite halves; infinities would become 65,536.</summary>
internal readonly unsafe struct Float16Row : IFloatRow
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* row, int column)
    {
        Vector128<ushort> halves = Vector128.Load((ushort*)row + column);
        Vector256<int> wide = Vector256.Create(Vector128.WidenLower(halves), Vector128.WidenUpper(halves)).AsInt32();
        return SmallBlockFields.Floats(wide << 16);
    }

    public static float At(byte* row, int column) => (float)((Half*)row)[column];
}

internal readonly unsafe struct BrainFloatRow : IFloatRow
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* row, int column)
    {
        Vector128<ushort> upper = Vector128.Load((ushort*)row + column);
        return (Vector256.Create(Vector128.WidenLower(upper), Vector128.WidenUpper(upper)) << 16).AsSingle();
    }

    public static float At(byte* row, int column) => BitConverter.UInt32BitsToSingle((uint)((ushort*)row)[column] << 16);
}
