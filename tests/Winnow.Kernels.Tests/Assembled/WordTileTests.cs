using System.Runtime.InteropServices;
using Winnow.Kernels.Assembled;
using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Tests.Assembled;

public sealed unsafe class WordTileTests
{
    public static TheoryData<int, int, bool> Tiles()
    {
        var tiles = new TheoryData<int, int, bool>();
        for (int tokens = 1; tokens <= WordTile.MaxTokens; tokens++)
        {
            foreach (int groupLength in new[] { 16, 32 })
            {
                tiles.Add(tokens, groupLength, false);
                tiles.Add(tokens, groupLength, true);
            }
        }
        return tiles;
    }

    /// <summary>Against the same sums written as loops: integers within a group, then minimum and scale, each rounded once.</summary>
    [Theory]
    [MemberData(nameof(Tiles))]
    public void Gives_the_bits_of_its_scalar_twin(int tokens, int groupLength, bool hasMinimum)
    {
        Assert.SkipUnless(AssembledKernels.IsSupported, "the assembled kernels do not run here");
        const int groups = 3;
        var random = new Random(tokens * 64 + groupLength);
        using var weights = new NativeBuffer<byte>(groups * WordTile.WeightRecord(groupLength));
        using var inputs = new NativeBuffer<byte>(groups * tokens * WordTile.InputRecord(groupLength));
        Fill(weights, groups, groupLength * WordTile.Rows, 2 * WordTile.Rows, random, code: 255);
        Fill(inputs, groups, groupLength * tokens, 2 * tokens, random, code: short.MaxValue);
        using var actual = new NativeBuffer<float>(tokens * WordTile.Rows);
        foreach (ref float value in actual.Span)
            value = (float)random.NextDouble();
        foreach (bool accumulate in new[] { true, false })
        {
            float[] expected = Twin(weights, inputs, actual.Span.ToArray(), tokens, groupLength, groups, hasMinimum, accumulate);
            WordTileArguments arguments = new()
            {
                Weights = weights.Pointer,
                Inputs = inputs.Pointer,
                Y = actual.Pointer,
                YStride = WordTile.Rows * sizeof(float),
                Groups = groups,
                Accumulate = accumulate ? 1 : 0,
            };
            ((delegate* unmanaged<WordTileArguments*, void>)AssembledKernels.WordTiles(groupLength, hasMinimum)[tokens - 1])(&arguments);
            Assert.Equal(expected, actual.Span.ToArray());
        }
    }

    private static void Fill(NativeBuffer<byte> records, int groups, int codes, int floats, Random random, int code)
    {
        int record = codes * sizeof(short) + floats * sizeof(float);
        for (int group = 0; group < groups; group++)
        {
            Span<byte> bytes = records.Span.Slice(group * record, record);
            foreach (ref short value in MemoryMarshal.Cast<byte, short>(bytes[..(codes * sizeof(short))]))
                value = (short)random.Next(-code, code + 1);
            foreach (ref float value in MemoryMarshal.Cast<byte, float>(bytes[(codes * sizeof(short))..]))
                value = (float)random.NextDouble() - 0.5f;
        }
    }

    private static float[] Twin(
        NativeBuffer<byte> weights, NativeBuffer<byte> inputs, float[] before, int tokens, int groupLength, int groups, bool hasMinimum, bool accumulate)
    {
        var sums = new float[tokens * WordTile.Rows];
        for (int i = 0; i < sums.Length; i++)
        {
            int token = i / WordTile.Rows, row = i % WordTile.Rows;
            float sum = accumulate ? before[i] : 0;
            for (int group = 0; group < groups; group++)
            {
                byte* weight = weights.Pointer + group * WordTile.WeightRecord(groupLength);
                byte* input = inputs.Pointer + group * tokens * WordTile.InputRecord(groupLength);
                int dot = 0;
                for (int k = 0; k < groupLength; k++)
                    dot += ((short*)weight)[(k / 2 * WordTile.Rows + row) * 2 + k % 2] * ((short*)input)[(k / 2 * tokens + token) * 2 + k % 2];
                var scales = (float*)(weight + groupLength * WordTile.Rows * sizeof(short));
                var inputScales = (float*)(input + groupLength * tokens * sizeof(short));
                if (hasMinimum)
                    sum = MathF.FusedMultiplyAdd(scales[WordTile.Rows + row], inputScales[tokens + token], sum);
                sum = MathF.FusedMultiplyAdd(scales[row], dot * inputScales[token], sum);
            }
            sums[i] = sum;
        }
        return sums;
    }
}
