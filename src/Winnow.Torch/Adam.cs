using TorchSharp;
using static TorchSharp.torch;

namespace Winnow.Torch;

/// <summary>Adam (Kingma and Ba, 2014) without weight decay, over all its parameters together with one clip of the gradient's norm.</summary>
public sealed class Adam : IDisposable
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.95;
    private const double Epsilon = 1e-8;

    private readonly IReadOnlyList<Parameter> _parameters;
    private readonly Tensor[] _means;
    private readonly Tensor[] _squares;
    private readonly double _clip;

    /// <summary>Begins with empty moments.</summary>
    /// <param name="parameters">What is learnt.</param>
    /// <param name="clip">Norm to which all gradients together are cut.</param>
    public Adam(IReadOnlyList<Parameter> parameters, double clip = 1)
    {
        (_parameters, _clip) = (parameters, clip);
        _means = [.. parameters.Select(parameter => zeros_like(parameter.Value, requires_grad: false).DetachFromDisposeScope())];
        _squares = [.. parameters.Select(parameter => zeros_like(parameter.Value, requires_grad: false).DetachFromDisposeScope())];
    }

    /// <summary>Steps taken; set when training goes on from a checkpoint.</summary>
    public long Steps { get; set; }

    /// <summary>Moments by name, for checkpoints.</summary>
    public IEnumerable<(string Name, Tensor Value)> State => _parameters.SelectMany((parameter, i) =>
        new[] { ($"adam.mean.{parameter.Name}", _means[i]), ($"adam.square.{parameter.Name}", _squares[i]) });

    /// <summary>Applies the gradients of the last backward pass and takes them away.</summary>
    /// <param name="rate">Learning rate of this step.</param>
    public void Step(double rate)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        Steps++;
        Tensor[] gradients = [.. _parameters.Select(parameter => parameter.TakeGradient())];
        double norm = Math.Sqrt(gradients.Sum(gradient => gradient.square().sum().item<float>()));
        double scale = Math.Min(1, _clip / (norm + 1e-6));
        double first = 1 - Math.Pow(Beta1, Steps), second = 1 - Math.Pow(Beta2, Steps);
        for (int i = 0; i < gradients.Length; i++)
        {
            Tensor gradient = gradients[i].mul_((float)scale);
            _means[i].mul_((float)Beta1).add_(gradient, alpha: (float)(1 - Beta1));
            _squares[i].mul_((float)Beta2).addcmul_(gradient, gradient, (float)(1 - Beta2));
            Tensor denominator = _squares[i].sqrt().div_((float)Math.Sqrt(second)).add_((float)Epsilon);
            _parameters[i].Value.addcdiv_(_means[i], denominator, (float)(-rate / first));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _means.Concat(_squares))
            tensor.Dispose();
    }
}
