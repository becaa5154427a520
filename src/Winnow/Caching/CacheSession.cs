namespace Winnow.Caching;

/// <summary>
/// A policy at work on one sequence. The engine calls it layer by layer; it answers by editing the layer's lanes (keep these slots, remove this one, read only
/// those). Edits take effect at once; memory is the lanes' business.
/// </summary>
public abstract class CacheSession
{
    /// <summary>A token being generated has been appended to a layer; its attention comes next.</summary>
    public virtual void BeforeAttention(LayerCache layer)
    {
    }

    /// <summary>A chunk of a prompt has passed a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="last">Whether this was the prompt's last chunk.</param>
    public virtual void AfterChunk(LayerCache layer, bool last)
    {
    }

    /// <summary>A token being generated has passed a layer.</summary>
    public virtual void AfterStep(LayerCache layer)
    {
    }

    /// <summary>A session that continues on a fork of the sequence.</summary>
    public abstract CacheSession Fork();

    /// <summary>Writes state that the store does not hold, for export; most policies have none.</summary>
    public virtual void Save(BinaryWriter writer)
    {
    }

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    public virtual void Load(BinaryReader reader)
    {
    }
}
