using Winnow.Kernels.Elementwise;

namespace Winnow.Models.Blocks;

/// <summary>The angle tables of a model: one for all layers, or one for each kind of layer. They grow with the texts.</summary>
internal sealed class RotaryTables(int firstPositions) : IDisposable
{
    private readonly List<(RotaryConfig Config, RotaryTable Table)> _tables = [];

    /// <summary>The table of a configuration, made once; null for none.</summary>
    public RotaryTable? For(RotaryConfig? config)
    {
        if (config is null)
            return null;
        foreach ((RotaryConfig known, RotaryTable table) in _tables)
        {
            if (ReferenceEquals(known, config))
                return table;
        }
        (double[] frequencies, double magnitude) = RopeFrequencies.Compute(config);
        RotaryTable created = new(config.Dimension, firstPositions, frequencies, magnitude);
        _tables.Add((config, created));
        return created;
    }

    /// <summary>Makes sure that so many positions can be rotated.</summary>
    public void EnsurePositions(int count)
    {
        foreach ((_, RotaryTable table) in _tables)
            table.EnsurePositions(count);
    }

    /// <inheritdoc/>
    public void Dispose() => _tables.ForEach(static entry => entry.Table.Dispose());
}
