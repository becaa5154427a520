using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Winnow.Kernels.Attention;

/// <summary>
/// Where one key or value lies in its page: a column of the keys or a row of the values, which differ only in their strides. Reading is the scalar twin of the
/// tile loaders.
/// </summary>
/// <param name="type">How it is stored.</param>
/// <param name="codes">Start of the page's keys, or of the value's row.</param>
/// <param name="first">Index of the first element.</param>
/// <param name="stride">Elements from one channel to the next; bytes for codes of 4 bits, from one pair of channels to the next.</param>
/// <param name="scales">Scale of the first block of 32 channels.</param>
/// <param name="scaleStride">Scales from one block to the next.</param>
/// <param name="minima">Scales from that of a block to its minimum.</param>
internal readonly unsafe struct StoredVector(EntryType type, byte* codes, int first, int stride, ushort* scales, int scaleStride, int minima)
{
    private const int Block = PageFormat.ScaleBlock;

    /// <summary>Stores floats.</summary>
    public void Write(ReadOnlySpan<float> source)
    {
        switch (type)
        {
            case EntryType.F32:
                WriteFloats(source);
                break;
            case EntryType.F16:
            case EntryType.BF16:
                WriteHalves(source);
                break;
            default:
                for (int block = 0; block * Block < source.Length; block++)
                    WriteBlock(block, source.Slice(block * Block, Math.Min(Block, source.Length - block * Block)));
                break;
        }
    }

    /// <summary>Reads floats.</summary>
    public void Read(Span<float> destination)
    {
        for (int channel = 0; channel < destination.Length; channel++)
            destination[channel] = Decode(channel);
    }

    /// <summary>Copies a vector of the same type as it is stored.</summary>
    public void CopyFrom(StoredVector source, int headDim)
    {
        int blocks = (headDim + Block - 1) / Block;
        switch (type)
        {
            case EntryType.F32:
                Copy((uint*)source.Codes(sizeof(uint)), (uint*)Codes(sizeof(uint)), headDim, stride);
                return;
            case EntryType.F16:
            case EntryType.BF16:
                Copy((ushort*)source.Codes(sizeof(ushort)), (ushort*)Codes(sizeof(ushort)), headDim, stride);
                return;
            case EntryType.Q8_0:
                Copy(source.Codes(1), Codes(1), headDim, stride);
                break;
            default:
                Copy(source.Codes(1), Codes(1), blocks * (Block / 2), stride);
                break;
        }

        Copy(source.Scales, scales, blocks, scaleStride);
        if (type == EntryType.Q4_1)
            Copy(source.Scales + minima, scales + minima, blocks, scaleStride);
    }

    private ushort* Scales => scales;

    private static void Copy<T>(T* source, T* destination, int count, int stride)
        where T : unmanaged
    {
        for (int i = 0; i < count; i++)
            destination[i * stride] = source[i * stride];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scatter(ReadOnlySpan<ushort> source, ushort* destination, int stride)
    {
        for (int channel = 0; channel < source.Length; channel++)
            destination[channel * stride] = source[channel];
    }

    private static void ToBrain(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(source[i]);
            destination[i] = (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
        }
    }

    private static float ToFloat(ushort half) => (float)BitConverter.UInt16BitsToHalf(half);

    private byte* Codes(int elementBytes) => codes + first * elementBytes;

    private void WriteFloats(ReadOnlySpan<float> source)
    {
        float* destination = (float*)Codes(sizeof(float));
        for (int channel = 0; channel < source.Length; channel++)
            destination[channel * stride] = source[channel];
    }

    [SkipLocalsInit]
    private void WriteHalves(ReadOnlySpan<float> source)
    {
        ushort* destination = (ushort*)Codes(sizeof(ushort));
        Span<ushort> halves = stride == 1 ? new Span<ushort>(destination, source.Length) : stackalloc ushort[source.Length];
        if (type == EntryType.F16)
            TensorPrimitives.ConvertToHalf(source, MemoryMarshal.Cast<ushort, Half>(halves));
        else
            ToBrain(source, halves);
        if (stride > 1)
            Scatter(halves, destination, stride);
    }

    private void WriteBlock(int block, ReadOnlySpan<float> source)
    {
        ushort* scale = scales + block * scaleStride;
        switch (type)
        {
            case EntryType.Q8_0:
                *scale = BlockCodes.WriteSigned8(source, (sbyte*)Codes(1) + block * Block * stride, stride);
                break;
            case EntryType.Q4_0:
                *scale = BlockCodes.WriteSigned4(source, Codes(1) + block * (Block / 2) * stride, stride);
                break;
            default:
                (*scale, scale[minima]) = BlockCodes.WriteUnsigned4(source, Codes(1) + block * (Block / 2) * stride, stride);
                break;
        }
    }

    private float Decode(int channel)
    {
        int block = channel / Block;
        ushort* scale = scales + block * scaleStride;
        switch (type)
        {
            case EntryType.F32:
                return ((float*)Codes(sizeof(float)))[channel * stride];
            case EntryType.F16:
                return ToFloat(((ushort*)Codes(sizeof(ushort)))[channel * stride]);
            case EntryType.BF16:
                return BitConverter.UInt32BitsToSingle((uint)((ushort*)Codes(sizeof(ushort)))[channel * stride] << 16);
            case EntryType.Q8_0:
                return ((sbyte*)Codes(1))[channel * stride] * ToFloat(*scale);
        }

        int pair = block * (Block / 2) + channel % (Block / 2);
        int code = Codes(1)[pair * stride] >> (channel % Block >= Block / 2 ? 4 : 0) & 15;
        return type == EntryType.Q4_0 ? (code - 8) * ToFloat(*scale) : code * ToFloat(*scale) + ToFloat(scale[minima]);
    }
}
