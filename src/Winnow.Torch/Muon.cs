using TorchSharp;
using static TorchSharp.torch;

namespace Winnow.Torch;

/// <summary>
/// Muon (Jordan et al., 2024): momentum whose matrix is made nearly orthogonal by five Newton-Schulz steps before it is applied. Matrices of one shape go through
/// these steps together.
/// </summary>
public sealed class Muon : IDisposable
{
    private const float Momentum = 0.95f;
    private const int NewtonSchulzSteps = 5;

    private readonly List<Group> _groups = [];

    /// <summary>Begins with empty momentum.</summary>
    /// <param name="matrices">Matrices of [rows, columns].</param>
    public Muon(IEnumerable<Parameter> matrices)
    {
        foreach (IGrouping<(long, long), Parameter> group in matrices.GroupBy(each => (each.Value.shape[0], each.Value.shape[1])))
        {
            Parameter[] members = [.. group];
            _groups.Add(new Group(members, zeros(members.Length, group.Key.Item1, group.Key.Item2).DetachFromDisposeScope()));
        }
    }

    /// <summary>Momentum by the shape it belongs to, for checkpoints.</summary>
    public IEnumerable<(string Name, Tensor Value)> State => _groups.Select(group => ($"muon.{group.Momentum.shape[1]}x{group.Momentum.shape[2]}", group.Momentum));

    /// <summary>Applies the gradients of the last backward pass and takes them away.</summary>
    /// <param name="rate">Learning rate of this step.</param>
    public void Step(double rate)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        foreach (Group group in _groups)
        {
            Tensor gradient = stack(group.Members.Select(member => member.TakeGradient()).ToArray());
            group.Momentum.mul_(Momentum).add_(gradient, alpha: 1 - Momentum);
            Tensor update = Orthogonalize(gradient.mul(1 - Momentum).add_(group.Momentum, alpha: Momentum));
            double scale = Math.Sqrt(Math.Max(1, (double)update.shape[1] / update.shape[2])) * rate;
            for (int i = 0; i < group.Members.Count; i++)
                group.Members[i].Value.add_(update[i], alpha: (float)-scale);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Group group in _groups)
            group.Momentum.Dispose();
    }

    /// <summary>Matrices with the same singular vectors and singular values near 1.</summary>
    /// <param name="matrices">[count, rows, columns].</param>
    internal static Tensor Orthogonalize(Tensor matrices)
    {
        bool tall = matrices.shape[1] > matrices.shape[2];
        Tensor x = tall ? matrices.transpose(1, 2).contiguous() : matrices;
        x = x / (x.square().sum([1, 2], keepdim: true).sqrt() + 1e-7f);
        for (int step = 0; step < NewtonSchulzSteps; step++)
        {
            Tensor gram = x.matmul(x.transpose(1, 2));
            Tensor polynomial = gram * -4.775f + gram.matmul(gram) * 2.0315f;
            x = x * 3.4445f + polynomial.matmul(x);
        }

        return tall ? x.transpose(1, 2) : x;
    }

    private sealed record Group(IReadOnlyList<Parameter> Members, Tensor Momentum);
}
