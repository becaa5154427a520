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

/// <summary>Keys of 8-bit codes: row = channel, column = entry; a scale for each 32 channels and entry.</summary>
internal readonly unsafe struct ByteKeyLoader<TVector>(sbyte* codes, float* scales) : ITileLoader<TVector>
    where TVector : unmanaged, IFloatVector<TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Load(int row, int column) => TVector.Multiply(
        TVector.LoadSByte(codes + row * PageFormat.Entries + column),
        TVector.Load(scales + (uint)row / PageFormat.ScaleBlock * PageFormat.Entries + column));
}

/// <summary>Values of 8-bit codes: row = entry, column = channel; a scale for each entry and 32 channels.</summary>
internal readonly unsafe struct ByteValueLoader<TVector>(sbyte* codes, float* scales, int blocks) : ITileLoader<TVector>
    where TVector : unmanaged, IFloatVector<TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Load(int row, int column) => TVector.Multiply(
        TVector.LoadSByte(codes + row * blocks * PageFormat.ScaleBlock + column),
        TVector.Splat(scales[row * blocks + (uint)column / PageFormat.ScaleBlock]));
}

/// <summary>
/// Keys of 4-bit codes: row = channel, column = entry; a scale and a minimum for each 32 channels and entry. Channels i and i + 16 of a block share a row
/// of bytes.
/// </summary>
internal readonly unsafe struct NibbleKeyLoader<TVector>(byte* codes, float* scales, float* minima) : ITileLoader<TVector>
    where TVector : unmanaged, IFloatVector<TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Load(int row, int column)
    {
        uint block = (uint)row / PageFormat.ScaleBlock;
        uint pair = (block * PageFormat.ScaleBlock / 2) + ((uint)row % (PageFormat.ScaleBlock / 2));
        return TVector.MultiplyAdd(
            TVector.LoadNibbles(codes + pair * PageFormat.Entries + column, row >> 2 & 4),
            TVector.Load(scales + block * PageFormat.Entries + column),
            TVector.Load(minima + block * PageFormat.Entries + column));
    }
}

/// <summary>
/// Values of 4-bit codes: row = entry, column = channel; a scale and a minimum for each entry and 32 channels. Channels i and i + 16 of a block share a
/// byte, so no vector of up to 16 channels needs both halves of one.
/// </summary>
internal readonly unsafe struct NibbleValueLoader<TVector>(byte* codes, float* scales, float* minima, int blocks) : ITileLoader<TVector>
    where TVector : unmanaged, IFloatVector<TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Load(int row, int column)
    {
        uint block = (uint)(row * blocks) + ((uint)column / PageFormat.ScaleBlock);
        return TVector.MultiplyAdd(
            TVector.LoadNibbles(codes + (block * PageFormat.ScaleBlock / 2) + ((uint)column % (PageFormat.ScaleBlock / 2)), column >> 2 & 4),
            TVector.Splat(scales[block]),
            TVector.Splat(minima[block]));
    }
}
