using System.Runtime.InteropServices;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Tests.Assembled;

public sealed unsafe class ByteTileTests
{
    private const int Groups = 3;

    public static TheoryData<TensorType, int> Tiles()
    {
        var tiles = new TheoryData<TensorType, int>();
        foreach (TensorType type in PackedTile.Types)
        {
            for (int tokens = 1; tokens <= WordTile.MaxTokens; tokens++)
                tiles.Add(type, tokens);
        }
        return tiles;
    }

    /// <summary>Against the same sums as loops over records of random bits: integers within a group, then minimum and scale, each rounded once.</summary>
    [Theory]
    [MemberData(nameof(Tiles))]
    public void Gives_the_bits_of_its_scalar_twin(TensorType type, int tokens)
    {
        Assert.SkipUnless(AssembledKernels.IsSupported, "the assembled kernels do not run here");
        var random = new Random(tokens);
        using var weights = new NativeBuffer<byte>(Groups * PackedTile.RecordBytes(type));
        using var inputs = new NativeBuffer<byte>(Groups * tokens * ByteTile.InputRecord);
        for (int group = 0; group < Groups; group++)
        {
            FillWeights(weights.Span.Slice(group * PackedTile.RecordBytes(type), PackedTile.RecordBytes(type)), PackedTile.ScaleOffset(type), random);
            FillInputs(inputs.Span.Slice(group * tokens * ByteTile.InputRecord, tokens * ByteTile.InputRecord), tokens, random);
        }
        using var actual = new NativeBuffer<float>(tokens * WordTile.Rows);
        foreach (ref float value in actual.Span)
            value = (float)random.NextDouble();
        foreach (bool accumulate in new[] { true, false })
        {
            float[] before = accumulate ? actual.Span.ToArray() : new float[tokens * WordTile.Rows];
            float[] expected = Twin(type, weights.Pointer, inputs.Pointer, before, tokens);
            WordTileArguments arguments = new()
            {
                Weights = weights.Pointer,
                Inputs = inputs.Pointer,
                Y = actual.Pointer,
                YStride = WordTile.Rows * sizeof(float),
                Groups = Groups,
                Accumulate = accumulate ? 1 : 0,
            };
            ((delegate* unmanaged<WordTileArguments*, void>)AssembledKernels.ByteTiles(type)[tokens - 1])(&arguments);
            Assert.Equal(expected, actual.Span.ToArray());
        }
    }

    private static void FillWeights(Span<byte> record, int scaleOffset, Random random)
    {
        random.NextBytes(record[..scaleOffset]);
        foreach (ref Half value in MemoryMarshal.Cast<byte, Half>(record[scaleOffset..]))
            value = (Half)(random.NextDouble() - 0.5);
    }

    private static void FillInputs(Span<byte> record, int tokens, Random random)
    {
        int codes = PackedTile.Columns * tokens;
        foreach (ref sbyte value in MemoryMarshal.Cast<byte, sbyte>(record[..codes]))
            value = (sbyte)random.Next(-127, 128);
        foreach (ref float value in MemoryMarshal.Cast<byte, float>(record.Slice(codes, 2 * sizeof(float) * tokens)))
            value = (float)random.NextDouble() - 0.5f;
        foreach (ref int value in MemoryMarshal.Cast<byte, int>(record[(codes + 2 * sizeof(float) * tokens)..]))
            value = random.Next(-127 * 32, 127 * 32 + 1);
    }

    private static float[] Twin(TensorType type, byte* weights, byte* inputs, float[] before, int tokens)
    {
        var sums = new float[tokens * WordTile.Rows];
        for (int i = 0; i < sums.Length; i++)
        {
            int token = i / WordTile.Rows, row = i % WordTile.Rows;
            float sum = before[i];
            for (int group = 0; group < Groups; group++)
            {
                byte* record = weights + group * PackedTile.RecordBytes(type), input = inputs + group * tokens * ByteTile.InputRecord;
                var floats = (float*)(input + PackedTile.Columns * tokens);
                int dot = PackedTile.HasMinimum(type) ? 0 : Centre(type) * ((int*)floats)[2 * tokens + token];
                for (int k = 0; k < PackedTile.Columns; k++)
                    dot += Code(type, record, row, k / 4, k % 4) * ((sbyte*)input)[(k / 4 * tokens + token) * 4 + k % 4];
                var scales = (Half*)(record + PackedTile.ScaleOffset(type));
                if (PackedTile.HasMinimum(type))
                    sum = MathF.FusedMultiplyAdd((float)scales[WordTile.Rows + row], floats[tokens + token], sum);
                sum = MathF.FusedMultiplyAdd((float)scales[row], dot * floats[token], sum);
            }
            sums[i] = sum;
        }
        return sums;
    }

    private static int Centre(TensorType type) => type switch
    {
        TensorType.Q4_0 => 8,
        TensorType.Q5_0 => 16,
        _ => 128,
    };

    /// <summary>The unsigned code of a row in one of the four columns of a step.</summary>
    private static int Code(TensorType type, byte* record, int row, int step, int column)
    {
        int lane = row / 16 * 64 + row % 16 * 4 + column;
        if (type == TensorType.Q8_0)
            return record[step * 128 + lane] ^ 128;
        int nibble = record[step / 2 * 128 + lane] >> (4 * (step % 2)) & 15;
        return type switch
        {
            TensorType.Q4_0 => nibble ^ 8,
            TensorType.Q4_1 => nibble,
            _ => nibble | (record[PackedTile.MainBytes(type) + lane] >> step & 1 ^ (type == TensorType.Q5_0 ? 1 : 0)) << 4,
        };
    }
}
