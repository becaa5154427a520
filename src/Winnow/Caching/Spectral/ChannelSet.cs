namespace Winnow.Caching.Spectral;

/// <summary>
/// Which channels of a layer's keys or values are compressed. Channels are counted over all KV heads: head h has h·headDim to (h+1)·headDim − 1.
/// </summary>
public sealed class ChannelSet
{
    private readonly bool[] _compressed;

    /// <summary>Takes the compressed channels.</summary>
    /// <param name="channels">Channels of the layer, KV heads × head size.</param>
    /// <param name="compressed">Indexes, in any order.</param>
    /// <param name="errors">Mean squared error of each channel when rebuilt, for other quotas; empty when unknown.</param>
    /// <exception cref="ArgumentException">An index is out of range or occurs twice, or there is not an error for each channel.</exception>
    public ChannelSet(int channels, IEnumerable<int> compressed, IReadOnlyList<float>? errors = null)
    {
        _compressed = new bool[channels];
        foreach (int channel in compressed)
        {
            if ((uint)channel >= (uint)channels || _compressed[channel])
                throw new ArgumentException($"channel {channel} of {channels} does not exist or is listed twice", nameof(compressed));
            _compressed[channel] = true;
        }

        Errors = errors ?? [];
        if (Errors.Count > 0 && Errors.Count != channels)
            throw new ArgumentException($"{Errors.Count} errors for {channels} channels", nameof(errors));
    }

    /// <summary>Channels of the layer.</summary>
    public int Channels => _compressed.Length;

    /// <summary>Mean squared error of each channel; empty when unknown.</summary>
    public IReadOnlyList<float> Errors { get; }

    /// <summary>Compressed channels, ascending.</summary>
    public IEnumerable<int> Compressed => Enumerable.Range(0, Channels).Where(channel => _compressed[channel]);

    /// <summary>Kept channels, ascending.</summary>
    public IEnumerable<int> Kept => Enumerable.Range(0, Channels).Where(channel => !_compressed[channel]);

    /// <summary>Channels of a head that are compressed, or kept, counted from the head's first.</summary>
    public int[] OfHead(int head, int headDim, bool compressed) =>
        [.. Enumerable.Range(0, headDim).Where(channel => _compressed[head * headDim + channel] == compressed)];

    /// <summary>Compresses the channels that are rebuilt best; ties go to the lower index.</summary>
    /// <param name="errors">Mean squared error of each channel.</param>
    /// <param name="count">How many to compress.</param>
    public static ChannelSet Best(IReadOnlyList<float> errors, int count)
    {
        IEnumerable<int> ranked = Enumerable.Range(0, errors.Count).OrderBy(channel => float.IsNaN(errors[channel]) ? float.PositiveInfinity : errors[channel]);
        return new ChannelSet(errors.Count, ranked.Take(count), errors);
    }
}
