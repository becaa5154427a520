using Winnow.Kernels.Attention;
using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Threading;

namespace Winnow.Caching;

/// <summary>
/// What all sequences of a model with the same entry types share: the page pool and the kernels with their working memory. One pass at a time.
/// </summary>
internal sealed class CacheRuntime(ThreadTeam team, PageFormat format, bool integers) : IDisposable
{
    private readonly Dictionary<(RotaryTable, RotaryStyle), RankRotation> _rotations = [];

    public PagePool Pool { get; } = new(format);

    public PagedAttention Attention { get; } = new(team, format) { Integers = integers };

    public EntryWriter Writer { get; } = new(team, format);

    /// <summary>Rotation by rank with the angles of a layer; layers with the same angles share one.</summary>
    public RankRotation Rotation(RotaryTable table, RotaryStyle style)
    {
        if (!_rotations.TryGetValue((table, style), out RankRotation? rotation))
            _rotations[(table, style)] = rotation = new RankRotation(table, style);
        return rotation;
    }

    public void Dispose()
    {
        Attention.Dispose();
        Writer.Dispose();
        Pool.Dispose();
        foreach (RankRotation rotation in _rotations.Values)
            rotation.Dispose();
    }
}
