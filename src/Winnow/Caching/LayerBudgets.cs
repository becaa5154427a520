namespace Winnow.Caching;

/// <summary>How the layers of a model share a budget.</summary>
public abstract class LayerBudgets
{
    /// <summary>Every layer the same.</summary>
    public static LayerBudgets Uniform { get; } = new UniformBudgets();

    /// <summary>Entries for each lane of a layer.</summary>
    /// <param name="layer">The layer, its entries still complete.</param>
    /// <param name="mean">Entries of a lane, a mean over all layers.</param>
    public abstract int Of(LayerCache layer, int mean);

    private sealed class UniformBudgets : LayerBudgets
    {
        public override int Of(LayerCache layer, int mean) => mean;
    }
}
