using System.Runtime.InteropServices;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Tests.Assembled;

public sealed unsafe class ByteTileTests
{
    private const int Blocks = 3;

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
        int groups = Blocks * PackedTile.BlockRecords(type);
        using var weights = new NativeBuffer<byte>(Blocks * PackedTile.BlockBytes(type));
        using var inputs = new NativeBuffer<byte>(groups * tokens * ByteTile.InputRecord);
        for (int block = 0; block < Blocks; block++)
            FillWeights(weights.Span.Slice(block * PackedTile.BlockBytes(type), PackedTile.BlockBytes(type)), type, random);
        for (int group = 0; group < groups; group++)
            FillInputs(inputs.Span.Slice(group * tokens * ByteTile.InputRecord, tokens * ByteTile.InputRecord), tokens, random);
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
                Groups = groups,
                Accumulate = accumulate ? 1 : 0,
            };
            ((delegate* unmanaged<WordTileArguments*, void>)AssembledKernels.ByteTiles(type)[tokens - 1])(&arguments);
            Assert.Equal(expected, actual.Span.ToArray());
        }
    }

    private static void FillWeights(Span<byte> block, TensorType type, Random random)
    {
        random.NextBytes(block);
        bool superBlocks = PackedTile.HasSuperBlocks(type);
        foreach (ref Half value in MemoryMarshal.Cast<byte, Half>(superBlocks ? block[..PackedTile.HeaderBytes(type)] : block[PackedTile.ScaleOffset(type)..]))
            value = (Half)(random.NextDouble() - 0.5);
    }

    private static void FillInputs(Span<byte> record, int tokens, Random random)
    {
        int codes = PackedTile.Columns * tokens;
        foreach (ref sbyte value in MemoryMarshal.Cast<byte, sbyte>(record[..codes]))
            value = (sbyte)random.Next(-127, 128);
        foreach (ref float value in MemoryMarshal.Cast<byte, float>(record.Slice(codes, 2 * sizeof(float) * tokens)))
            value = (float)random.NextDouble() - 0.5f;
        foreach (ref int value in MemoryMarshal.Cast<byte, int>(record[(ByteTile.SumOffset * tokens)..]))
            value = random.Next(-127 * 32, 127 * 32 + 1);
    }

    private static float[] Twin(TensorType type, byte* weights, byte* inputs, float[] before, int tokens)
    {
        var sums = new float[tokens * WordTile.Rows];
        for (int i = 0; i < sums.Length; i++)
        {
            int token = i / WordTile.Rows, row = i % WordTile.Rows;
            float sum = before[i];
            for (int group = 0; group < Blocks * PackedTile.BlockRecords(type); group++)
            {
                byte* block = weights + group / PackedTile.BlockRecords(type) * PackedTile.BlockBytes(type);
                byte* record = block + PackedTile.HeaderBytes(type) + group % PackedTile.BlockRecords(type) * PackedTile.RecordBytes(type);
                byte* input = inputs + group * tokens * ByteTile.InputRecord;
                var floats = (float*)(input + PackedTile.Columns * tokens);
                if (PackedTile.HasMinimum(type))
                    sum = MathF.FusedMultiplyAdd(Scale(type, block, record, 1, row), floats[tokens + token], sum);
                for (int part = 0; part < PackedTile.Parts(type); part++)
                {
                    int length = PackedTile.Columns / PackedTile.Parts(type);
                    int dot = PackedTile.HasMinimum(type) ? 0 : Centre(type) * Sum(type, (int*)floats + 2 * tokens + token, tokens, part);
                    for (int k = part * length; k < (part + 1) * length; k++)
                        dot += Code(type, record, row, k / 4, k % 4) * ((sbyte*)input)[(k / 4 * tokens + token) * 4 + k % 4];
                    sum = MathF.FusedMultiplyAdd(Scale(type, block, record, part, row), dot * floats[token], sum);
                }
            }
            sums[i] = sum;
        }
        return sums;
    }

    /// <summary>Minus the sum of a part's inputs, of which the record has that of all and that of the first 16.</summary>
    private static int Sum(TensorType type, int* sums, int tokens, int part) => (PackedTile.Parts(type), part) switch
    {
        (1, _) => sums[0],
        (_, 0) => sums[tokens],
        _ => sums[0] - sums[tokens],
    };

    /// <summary>A row's entry in a plane of scales or minima.</summary>
    private static float Scale(TensorType type, byte* block, byte* record, int plane, int row)
    {
        byte* entries = record + PackedTile.ScaleOffset(type);
        if (!PackedTile.HasSuperBlocks(type))
            return (float)((Half*)entries)[plane * WordTile.Rows + row];
        return (float)((Half*)block)[PackedTile.HasMinimum(type) ? plane * WordTile.Rows + row : row] * ((sbyte*)entries)[plane * WordTile.Rows + row];
    }

    private static int Centre(TensorType type) => type switch
    {
        TensorType.Q4_0 => 8,
        TensorType.Q5_0 => 16,
        TensorType.Q6_K => 32,
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
            TensorType.Q4_1 or TensorType.Q4_K => nibble,
            TensorType.Q6_K => nibble | (record[PackedTile.MainBytes(type) + step / 4 * 128 + lane] >> 2 * (step % 4) & 3) << 4,
            _ => nibble | (record[PackedTile.MainBytes(type) + lane] >> step & 1 ^ (type == TensorType.Q5_0 ? 1 : 0)) << 4,
        };
    }
}
