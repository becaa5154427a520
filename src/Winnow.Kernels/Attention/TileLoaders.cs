using System.Runtime.CompilerServices;
using Winnow.Kernels.Simd;

namespace Winnow.Kernels.Attention;

/// <summary>
/// Reads the right-hand matrix of a tile product from its stored form, one vector at a time: element (row, column) and its neighbours in the row.
/// </summary>
internal interface ITileLoader<TVector>
    where TVector : unmanaged, IFloatVector<TVector>
{
    TVector Load(int row, int column);
}

/// <summary>Rows of floats.</summary>
internal readonly unsafe struct FloatLoader<TVector>(float* pointer, int stride) : ITileLoader<TVector>
    where TVector : unmanaged, IFloatVector<TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Load(int row, int column) => TVector.Load(pointer + row * stride + column);
}

/// <summary>Rows of IEEE halves.</summary>
internal readonly unsafe struct HalfLoader<TVector>(ushort* pointer, int stride) : ITileLoader<TVector>
    where TVector : unmanaged, IFloatVector<TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Load(int row, int column) => TVector.LoadHalf(pointer + row * stride + column);
}

/// <summary>Rows of brain floats.</summary>
internal readonly unsafe struct BrainLoader<TVector>(ushort* pointer, int stride) : ITileLoader<TVector>
    where TVector : unmanaged, IFloatVector<TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Load(int row, int column) => TVector.LoadBrain(pointer + row * stride + column);
}

/// <summary>Keys of 8-bit codes: row = channel, column = entry; a scale for each entry and 32 channels.</summary>
internal readonly unsafe struct QuantisedKeyLoader<TVector>(sbyte* codes, ushort* scales) : ITileLoader<TVector>
    where TVector : unmanaged, IFloatVector<TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Load(int row, int column) => TVector.Multiply(
        TVector.LoadSByte(codes + row * PageFormat.Entries + column),
        TVector.LoadHalf(scales + row / PageFormat.ScaleBlock * PageFormat.Entries + column));
}

/// <summary>Values of 8-bit codes: row = entry, column = channel; a scale for each entry and 32 channels.</summary>
internal readonly unsafe struct QuantisedValueLoader<TVector>(sbyte* codes, ushort* scales, int stride) : ITileLoader<TVector>
    where TVector : unmanaged, IFloatVector<TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Load(int row, int column) => TVector.Multiply(
        TVector.LoadSByte(codes + row * stride + column),
        TVector.Splat((float)BitConverter.UInt16BitsToHalf(scales[(row * stride + column) / PageFormat.ScaleBlock])));
}
