using TorchSharp;
using Winnow.Formats;
using static TorchSharp.torch;

namespace Winnow.Torch.Tests;

[Collection("torch")]
public sealed class OptimizerTests
{
    public OptimizerTests() => TorchRuntime.Start(threads: 1, seed: 5);

    [Theory]
    [InlineData(24, 40)]
    [InlineData(40, 24)]
    public void Orthogonalised_matrices_have_singular_values_near_1(int rows, int columns)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor result = Muon.Orthogonalize(randn(3, rows, columns));
        Assert.Equal([3L, rows, columns], result.shape);
        for (int i = 0; i < 3; i++)
            Assert.All(TensorData.ToFloats(linalg.svdvals(result[i])), value => Assert.InRange(value, 0.3f, 1.4f));
    }

    [Fact]
    public void Adam_finds_the_least_of_a_parabola()
    {
        using Tensor point = TensorData.FromFloats([3, -2], 2).requires_grad_();
        using Adam adam = new([new Parameter("point", point)]);
        for (int step = 0; step < 400; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            (point - 1f).square().sum().backward();
            adam.Step(0.05);
        }

        Assert.All(TensorData.ToFloats(point), value => Assert.InRange(value, 0.99f, 1.01f));
    }

    [Fact]
    public void A_parameter_without_gradient_is_named()
    {
        using Tensor point = TensorData.FromFloats([3], 1).requires_grad_();
        using Adam adam = new([new Parameter("point", point)]);
        Assert.Contains("'point'", Assert.Throws<InvalidOperationException>(() => adam.Step(0.1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_survive_a_file_and_other_shapes_are_refused()
    {
        using TempFolder folder = new();
        string path = Path.Combine(folder.Path, "tensors.gguf");
        using Tensor source = randn(2, 3, 4), target = zeros(2, 3, 4), other = zeros(4, 6);
        GgufWriter writer = new();
        writer.Add("general.architecture", "tensors");
        TensorFile.Add(writer, [("t", source)]);
        writer.Write(path);
        using GgufFile file = GgufFile.Open(path);
        TensorFile.Fill(file, [("t", target)]);
        Assert.Equal(TensorData.ToFloats(source), TensorData.ToFloats(target));
        Assert.Contains("belongs to another model", Assert.Throws<WinnowException>(() => TensorFile.Fill(file, [("t", other)])).Message, StringComparison.Ordinal);
    }
}
