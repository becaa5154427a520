using Winnow.Kernels.Assembled;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Linear;

/// <summary>How one token's inputs are rounded into the tile that it belongs to.</summary>
internal interface ITokenRounding
{
    /// <summary>
    /// Rounds token <paramref name="t"/> of the tile of <paramref name="tokens"/> tokens that starts at token <paramref name="first"/>, in the 32-column
    /// groups from <paramref name="group"/> to before <paramref name="end"/>.
    /// </summary>
    void Round(int first, int t, int tokens, int group, int end);
}

/// <summary>
/// Rounds all tokens of a dispatch, tile by tile. Workers share tiles and, within one, groups of columns: a step of a few sequences is a single tile.
/// </summary>
internal readonly struct TokenTiles<TRounding>(TRounding rounding, int tokens, int columns) : ITeamJob
    where TRounding : struct, ITokenRounding
{
    public void Execute(int worker, int workers)
    {
        int groups = columns / PackedTile.Columns;
        long pieces = (long)WordTile.Tiles(tokens) * groups, to = pieces * (worker + 1) / workers;
        for (long from = pieces * worker / workers; from < to;)
        {
            int tile = (int)(from / groups), group = (int)(from % groups), end = (int)Math.Min(groups, group + to - from);
            int first = WordTile.FirstToken(tile, tokens), height = WordTile.FirstToken(tile + 1, tokens) - first;
            for (int t = 0; t < height; t++)
                rounding.Round(first, t, height, group, end);
            from += end - group;
        }
    }
}
