using Winnow.Kernels.Assembled;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Linear;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Tests.Linear;

public sealed class LinearKernelTests
{
    // 37 rows: two full panels and a rest. 512 columns: two super-blocks.
    private const int Rows = 37;
    private const int Columns = 512;

    public static TheoryData<TensorType, ActivationMode> TypesAndModes()
    {
        var data = new TheoryData<TensorType, ActivationMode>();
        foreach (TensorType type in TestMatrices.AllTypes)
        {
            data.Add(type, ActivationMode.Float);
            data.Add(type, ActivationMode.Quantized);
            data.Add(type, ActivationMode.QuantizedByte);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(TypesAndModes))]
    public void The_product_is_exact_when_inputs_survive_rounding(TensorType type, ActivationMode mode)
    {
        WeightMatrix weight = TestMatrices.Random(type, Rows, Columns);
        using IDisposable? memory = PackedFor(mode, weight);
        float[] x = TestMatrices.Representable(9 * Columns, seed: 2);
        foreach (int threads in (int[])[1, 2, 3])
        {
            using var team = new ThreadTeam(threads);
            using var workspace = new LinearWorkspace();
            for (int tokens = 1; tokens <= 9; tokens++)
            {
                float[] y = new float[tokens * Rows];
                LinearKernel.Multiply(team, workspace, weight, x, tokens, y, mode);
                double error = TestMatrices.RelativeError(TestMatrices.Product(weight, x, tokens), y);
                Assert.True(error < 2e-6, $"{tokens} tokens, {threads} threads: relative error {error:g3}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(TypesAndModes))]
    public void Rounding_gaussian_inputs_costs_less_than_one_percent(TensorType type, ActivationMode mode)
    {
        WeightMatrix weight = TestMatrices.Random(type, 129, Columns);
        using IDisposable? memory = PackedFor(mode, weight);
        float[] x = TestMatrices.Gaussian(4 * Columns, seed: 3);
        using var team = new ThreadTeam(1);
        using var workspace = new LinearWorkspace();
        foreach (int tokens in (int[])[1, 4])
        {
            float[] y = new float[tokens * weight.Rows];
            LinearKernel.Multiply(team, workspace, weight, x, tokens, y, mode);
            double error = TestMatrices.RelativeError(TestMatrices.Product(weight, x, tokens), y);
            Assert.InRange(error, 0, mode == ActivationMode.Float ? 2e-6 : 0.01);
        }
    }

    [Theory]
    [InlineData(TensorType.Q4_1, 96)]
    [InlineData(TensorType.Q4_0, 288)]
    [InlineData(TensorType.Q8_0, 32)]
    [InlineData(TensorType.Q5_0, 544)]
    [InlineData(TensorType.F32, 33)]
    [InlineData(TensorType.F16, 7)]
    [InlineData(TensorType.BF16, 41)]
    public void Widths_that_do_not_fill_vectors_are_exact(TensorType type, int columns)
    {
        WeightMatrix weight = TestMatrices.Random(type, 17, columns);
        float[] x = TestMatrices.Representable(5 * columns, seed: 4);
        using var team = new ThreadTeam(2);
        using var workspace = new LinearWorkspace();
        foreach (int tokens in (int[])[1, 2, 3, 5])
        {
            float[] y = new float[tokens * 17];
            LinearKernel.Multiply(team, workspace, weight, x, tokens, y, ActivationMode.Quantized);
            Assert.InRange(TestMatrices.RelativeError(TestMatrices.Product(weight, x, tokens), y), 0, 2e-6);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(6)]
    public void Several_matrices_in_one_dispatch_equal_one_by_one(int tokens)
    {
        WeightMatrix[] weights =
        [
            TestMatrices.Random(
                TensorType.Q4_1, 40, Columns, 5), TestMatrices.Random(TensorType.Q6_K, 3, Columns, 6), TestMatrices.Random(TensorType.F16, 19, Columns, 7),
        ];
        float[] x = TestMatrices.Gaussian(tokens * Columns, seed: 8);
        using var team = new ThreadTeam(2);
        using var workspace = new LinearWorkspace();
        float[][] fused = [.. weights.Select(weight => new float[tokens * weight.Rows])];
        LinearKernel.Multiply(team, workspace, weights[0], weights[1], weights[2], x, tokens, fused[0], fused[1], fused[2], ActivationMode.Quantized);
        for (int i = 0; i < weights.Length; i++)
        {
            float[] alone = new float[tokens * weights[i].Rows];
            LinearKernel.Multiply(team, workspace, weights[i], x, tokens, alone, ActivationMode.Quantized);
            Assert.Equal(alone, fused[i]);
        }
    }

    public static TheoryData<TensorType, int> PackedTypesAndRows()
    {
        var data = new TheoryData<TensorType, int>();
        foreach (TensorType type in PackedTile.Types)
        {
            data.Add(type, 64);
            data.Add(type, 7);
            data.Add(type, Rows);
        }
        return data;
    }

    /// <summary>
    /// Packing changes where codes lie and nothing else: from the tokens on that both tiles serve, the bits are the same. The widths are such that many
    /// tokens meet runs of unequal length.
    /// </summary>
    [Theory]
    [MemberData(nameof(PackedTypesAndRows))]
    public void Packed_rows_give_the_product_of_the_stored_ones(TensorType type, int rows)
    {
        int columns = PackedTile.HasSuperBlocks(type) ? 1792 : 544;
        WeightMatrix stored = TestMatrices.Random(type, rows, columns), packed = TestMatrices.Random(type, rows, columns);
        using IDisposable? memory = packed.Pack();
        Assert.Equal(memory is not null, stored.IsPackable);
        Assert.SkipWhen(memory is null, "the assembled kernels do not run here");
        float[] x = TestMatrices.Gaussian(29 * columns, seed: 13);
        using var team = new ThreadTeam(2);
        using var workspace = new LinearWorkspace();
        foreach (int tokens in (int[])[1, 2, 3, 6, 8, 13, 29])
        {
            float[] expected = new float[tokens * rows], actual = new float[tokens * rows];
            LinearKernel.Multiply(team, workspace, stored, x, tokens, expected, ActivationMode.Quantized);
            LinearKernel.Multiply(team, workspace, packed, x, tokens, actual, ActivationMode.Quantized);
            if (tokens > 2)
                Assert.Equal(expected, actual);
            else
                Assert.InRange(TestMatrices.RelativeError([.. expected.Select(value => (double)value)], actual), 0, 1e-4);
        }
    }

    /// <summary>Inputs of one byte are for several tokens and packed rows; the rest is as it is without.</summary>
    [Theory]
    [InlineData(2, true, true)]
    [InlineData(3, false, true)]
    [InlineData(3, true, false)]
    public void One_byte_changes_products_of_packed_rows_with_several_tokens_only(int tokens, bool packed, bool same)
    {
        WeightMatrix weight = TestMatrices.Random(TensorType.Q4_1, Rows, Columns);
        using IDisposable? memory = packed ? weight.Pack() : null;
        Assert.SkipWhen(packed && memory is null, "the assembled kernels do not run here");
        float[] x = TestMatrices.Gaussian(tokens * Columns, seed: 14), words = new float[tokens * Rows], bytes = new float[tokens * Rows];
        using var team = new ThreadTeam(1);
        using var workspace = new LinearWorkspace();
        LinearKernel.Multiply(team, workspace, weight, x, tokens, words, ActivationMode.Quantized);
        LinearKernel.Multiply(team, workspace, weight, x, tokens, bytes, ActivationMode.QuantizedByte);
        Assert.Equal(same, words.AsSpan().SequenceEqual(bytes));
    }

    /// <summary>Packed rows read words or bytes, stored ones may read either in another form: one dispatch serves both.</summary>
    [Theory]
    [InlineData(ActivationMode.Quantized, 1)]
    [InlineData(ActivationMode.Quantized, 2)]
    [InlineData(ActivationMode.Quantized, 7)]
    [InlineData(ActivationMode.QuantizedByte, 2)]
    [InlineData(ActivationMode.QuantizedByte, 7)]
    public void Packed_and_stored_matrices_share_a_dispatch(ActivationMode mode, int tokens)
    {
        WeightMatrix[] weights =
        [
            TestMatrices.Random(TensorType.Q5_0, 40, Columns, 5),
            TestMatrices.Random(TensorType.Q6_K, 35, Columns, 6),
            TestMatrices.Random(TensorType.Q8_0, 33, Columns, 7),
        ];
        float[] x = TestMatrices.Gaussian(tokens * Columns, seed: 8);
        using IDisposable? memory = weights[0].Pack();
        using var team = new ThreadTeam(2);
        using var workspace = new LinearWorkspace();
        float[][] fused = [.. weights.Select(weight => new float[tokens * weight.Rows])];
        LinearKernel.Multiply(team, workspace, weights[0], weights[1], weights[2], x, tokens, fused[0], fused[1], fused[2], mode);
        for (int i = 0; i < weights.Length; i++)
        {
            float[] alone = new float[tokens * weights[i].Rows];
            LinearKernel.Multiply(team, workspace, weights[i], x, tokens, alone, mode);
            Assert.Equal(alone, fused[i]);
        }
    }

    [Fact]
    public void A_stride_leaves_the_values_between_rows_alone()
    {
        WeightMatrix weight = TestMatrices.Random(TensorType.Q4_0, 20, 64);
        float[] x = TestMatrices.Gaussian(5 * 64, seed: 9);
        float[] wide = new float[5 * 23], narrow = new float[5 * 20];
        Array.Fill(wide, 7);
        using var team = new ThreadTeam(1);
        using var workspace = new LinearWorkspace();
        LinearKernel.Multiply(team, workspace, weight, x, 5, wide, ActivationMode.Quantized, yStride: 23);
        LinearKernel.Multiply(team, workspace, weight, x, 5, narrow, ActivationMode.Quantized);
        for (int t = 0; t < 5; t++)
        {
            Assert.Equal(narrow.AsSpan(t * 20, 20), wide.AsSpan(t * 23, 20));
            Assert.Equal([7f, 7f, 7f], wide.AsSpan(t * 23 + 20, 3));
        }
    }

    [Fact]
    public void Slices_are_rows_of_the_whole()
    {
        WeightMatrix weight = TestMatrices.Random(TensorType.Q5_1, 30, 64);
        float[] whole = new float[64], sliced = new float[64];
        weight.DequantizeRow(12, whole);
        weight.Slice(10, 5).DequantizeRow(2, sliced);
        Assert.Equal(whole, sliced);
        Assert.Throws<ArgumentOutOfRangeException>(() => weight.Slice(28, 3));
    }

    [Fact]
    public void Inputs_of_zeros_give_zeros()
    {
        WeightMatrix weight = TestMatrices.Random(TensorType.Q4_1, 5, 64);
        float[] y = [1, 1, 1, 1, 1];
        using var team = new ThreadTeam(1);
        using var workspace = new LinearWorkspace();
        LinearKernel.Multiply(team, workspace, weight, new float[64], 1, y, ActivationMode.Quantized);
        Assert.Equal(new float[5], y);
    }

    [Theory]
    [InlineData(ActivationMode.Quantized, 1)]
    [InlineData(ActivationMode.Quantized, 8)]
    [InlineData(ActivationMode.QuantizedByte, 8)]
    [InlineData(ActivationMode.Float, 1)]
    [InlineData(ActivationMode.Float, 8)]
    public void A_warm_product_allocates_nothing(ActivationMode mode, int tokens)
    {
        WeightMatrix weight = TestMatrices.Random(TensorType.Q4_1, 64, 128);
        using IDisposable? memory = PackedFor(mode, weight);
        float[] x = TestMatrices.Gaussian(tokens * 128, seed: 10), y = new float[tokens * 64], z = new float[tokens * 64];
        using var team = new ThreadTeam(2);
        using var workspace = new LinearWorkspace();
        LinearKernel.Multiply(team, workspace, weight, weight, null, x, tokens, y, z, default, mode);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            LinearKernel.Multiply(team, workspace, weight, weight, null, x, tokens, y, z, default, mode);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Lengths_that_do_not_match_are_named()
    {
        WeightMatrix weight = TestMatrices.Random(TensorType.Q4_1, 20, 64), wider = TestMatrices.Random(TensorType.Q4_1, 20, 96);
        using var team = new ThreadTeam(1);
        using var workspace = new LinearWorkspace();
        float[] x = new float[64], y = new float[40];
        Assert.Contains("128", Refusal(() => LinearKernel.Multiply(team, workspace, weight, x, 2, y, ActivationMode.Float)), StringComparison.Ordinal);
        Assert.Contains(
            "40", Refusal(() => LinearKernel.Multiply(team, workspace, weight, new float[192], 3, y, ActivationMode.Float)), StringComparison.Ordinal);
        Assert.Contains(
            "stride of 19", Refusal(() => LinearKernel.Multiply(team, workspace, weight, x, 1, y, ActivationMode.Float, 19)), StringComparison.Ordinal);
        Assert.Contains("96", Refusal(() => LinearKernel.Multiply(team, workspace, weight, wider, null, x, 1, y, y, default, ActivationMode.Float)), StringComparison.Ordinal);
    }

    /// <summary>Packs what the mode is for, where this machine can.</summary>
    private static IDisposable? PackedFor(ActivationMode mode, WeightMatrix weight) => mode == ActivationMode.QuantizedByte ? weight.Pack() : null;

    private static string Refusal(Action call) => Assert.ThrowsAny<ArgumentException>(call).Message;
}
