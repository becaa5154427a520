using System.Collections.Concurrent;

namespace Winnow.Conformance;

/// <summary>Every pair of policy and use, probed once and remembered.</summary>
public sealed class Observations : IDisposable
{
    private readonly Probes _probes = new();
    private readonly ConcurrentDictionary<(string, string), Outcome> _outcomes = new();

    /// <inheritdoc/>
    public void Dispose() => _probes.Dispose();

    internal Outcome this[PolicyRow row, Use use] => _outcomes.GetOrAdd((row.Text, use.Title), _ => Outcome.Of(() => use.Probe(_probes, row)));
}
