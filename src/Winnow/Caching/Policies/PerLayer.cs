using System.Globalization;

namespace Winnow.Caching.Policies;

/// <summary>
/// Gives layers different shares of the budget: weights at evenly spaced depths with straight lines between them, scaled so that the whole cache keeps its
/// budget.
/// </summary>
/// <param name="weights">Weights from the first layer to the last, at least one.</param>
internal sealed class PerLayer(IReadOnlyList<double> weights) : LayerBudgets
{
    /// <summary>The wrapper in the catalogue.</summary>
    public static PolicyWrapper Wrapper { get; } = new()
    {
        Name = "per-layer",
        Summary = "layers get different shares of the budget",
        Paper = "a common baseline",
        Options = [new PolicyOption("weights", "2/1", "relative budgets from the first layer to the last, separated by slashes; layers between are interpolated")],
        Wrap = (arguments, inner) => new WrappedPolicy(inner, layers: new PerLayer(Parse(arguments.Text("weights", "2/1")))),
    };

    /// <inheritdoc/>
    public override int Of(LayerCache layer, int mean)
    {
        double total = 0;
        for (int i = 0; i < layer.Layers; i++)
            total += Weight(i, layer.Layers);
        return Math.Max(2, (int)(mean * Weight(layer.Layer, layer.Layers) * layer.Layers / total + 1e-9));
    }

    private static double[] Parse(string text)
    {
        string[] parts = text.Split('/');
        double[] weights = new double[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!double.TryParse(parts[i], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out weights[i]) || weights[i] <= 0)
                throw new WinnowException($"option 'weights' of cache wrapper 'per-layer' is '{text}'; it must be numbers above 0 separated by slashes, such as 3/2/1");
        }

        return weights;
    }

    private double Weight(int layer, int layers)
    {
        if (weights.Count == 1 || layers == 1)
            return weights[0];
        double place = (double)layer * (weights.Count - 1) / (layers - 1);
        int left = Math.Min((int)place, weights.Count - 2);
        return weights[left] + ((weights[left + 1] - weights[left]) * (place - left));
    }
}
