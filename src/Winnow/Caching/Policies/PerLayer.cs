using System.Globalization;

namespace Winnow.Caching.Policies;

/// <summary>
/// Gives layers different shares of the budget: weights at evenly spaced depths with straight lines between them, scaled so that the whole cache keeps its
/// budget. What a layer cannot use, because the prompt is shorter than its share, goes to the others.
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
    public override int Of(LayerCache layer, int mean) => Of(layer.Layer, layer.Layers, mean, layer.PromptLength);

    /// <summary>Entries for each lane of a layer, at least 2, of <paramref name="prompt"/> tokens.</summary>
    internal int Of(int layer, int layers, int mean, int prompt)
    {
        if (mean >= prompt)
            return mean;
        double unit = Unit(layers, mean, prompt), before = 0;
        for (int i = 0; i < layer; i++)
            before += Share(i, layers, unit, prompt);
        // Running totals are rounded, so that rounding neither loses nor adds an entry; a hair makes up for binary fractions.
        return Math.Max(2, (int)(before + Share(layer, layers, unit, prompt) + 1e-6) - (int)(before + 1e-6));
    }

    /// <summary>Entries for a weight of 1, such that what layers with a large weight cannot use, because the prompt is shorter, goes to the others.</summary>
    private double Unit(int layers, int mean, int prompt)
    {
        double unit = 0;
        for (int full = 0, fuller = -1; full != fuller;)
        {
            fuller = full;
            double open = 0;
            for (int i = 0; i < layers; i++)
                open += IsFull(i) ? 0 : Weight(i, layers);
            unit = ((double)mean * layers - (double)full * prompt) / open;
            full = Enumerable.Range(0, layers).Count(IsFull);
        }

        return unit;

        bool IsFull(int i) => Weight(i, layers) * unit >= prompt;
    }

    private double Share(int layer, int layers, double unit, int prompt) => Math.Min(prompt, Weight(layer, layers) * unit);

    private static double[] Parse(string text)
    {
        string[] parts = text.Split('/');
        double[] weights = new double[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!double.TryParse(parts[i], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out weights[i])
                || weights[i] is <= 0 or double.PositiveInfinity)
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
