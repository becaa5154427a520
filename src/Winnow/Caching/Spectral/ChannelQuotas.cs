using System.Globalization;

namespace Winnow.Caching.Spectral;

/// <summary>
/// Which share of a layer's keys and values is compressed. The paper's inverted pyramid compresses more in the first layers, which look at near tokens, and
/// more of the values. Liu et al. 2025, arXiv 2506.11886.
/// </summary>
public static class ChannelQuotas
{
    private const int First = 4;
    private const int Last = 8;
    private const int PublishedLayers = 24;

    /// <summary>The published shares: 90 % and 95 % in the first 4 layers, 50 % and 70 % in the last 8, 80 % between; fewer layers have shorter ends.</summary>
    /// <param name="layer">Layer.</param>
    /// <param name="layers">Layers of the model.</param>
    public static (double Keys, double Values) Published(int layer, int layers)
    {
        // Published for 28 and 32 layers with the same ends; small models keep the proportions of 32.
        int first = layers >= PublishedLayers ? First : (int)Math.Round(layers / 8.0, MidpointRounding.AwayFromZero);
        int last = layers >= PublishedLayers ? Last : (int)Math.Round(layers / 4.0, MidpointRounding.AwayFromZero);
        return layer < first ? (0.9, 0.95) : layer >= layers - last ? (0.5, 0.7) : (0.8, 0.8);
    }

    /// <summary>The pyramid, bent so that its mean over all layers, keys and values is a given share.</summary>
    /// <param name="layer">Layer.</param>
    /// <param name="layers">Layers of the model.</param>
    /// <param name="mean">Share to compress, 0 to 1.</param>
    public static (double Keys, double Values) Bent(int layer, int layers, double mean)
    {
        double published = 0;
        for (int each = 0; each < layers; each++)
            published += (Published(each, layers).Keys + Published(each, layers).Values) / (2 * layers);
        (double keys, double values) = Published(layer, layers);
        return mean <= published
            ? (keys * mean / published, values * mean / published)
            : (1 - (1 - keys) * (1 - mean) / (1 - published), 1 - (1 - values) * (1 - mean) / (1 - published));
    }

    /// <summary>Channels of a share; parts of a channel do not count.</summary>
    public static int Count(double share, int channels) => Math.Clamp((int)Math.Floor(share * channels + 1e-9), 0, channels);

    /// <summary>Reads two shares such as «0.8/0.9», for keys and values of every layer.</summary>
    /// <param name="text">Text.</param>
    /// <param name="keys">Share of the keys.</param>
    /// <param name="values">Share of the values.</param>
    /// <returns>Whether the text is two numbers from 0 to 1.</returns>
    public static bool TryParse(string text, out double keys, out double values)
    {
        string[] parts = text.Split('/');
        values = 0;
        return TryShare(parts[0], out keys) & TryShare(parts[^1], out values) && parts.Length == 2;
    }

    private static bool TryShare(string text, out double share) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out share) && share is >= 0 and <= 1;
}
