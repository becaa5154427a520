using Winnow.Kernels.Assembled;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Linear;

/// <summary>How one token's inputs are rounded into the tile that it belongs to.</summary>
internal interface ITokenRounding
{
    /// <summary>Rounds token <paramref name="t"/> of the tile of <paramref name="tokens"/> tokens that starts at token <paramref name="first"/>.</summary>
    void Round(int first, int t, int tokens);
}

/// <summary>Rounds all tokens of a dispatch, tile by tile; workers share the tiles.</summary>
internal readonly struct TokenTiles<TRounding>(TRounding rounding, int tokens) : ITeamJob
    where TRounding : struct, ITokenRounding
{
    public void Execute(int worker, int workers)
    {
        int tiles = WordTile.Tiles(tokens);
        int from = (int)((long)tiles * worker / workers), to = (int)((long)tiles * (worker + 1) / workers);
        for (int tile = from; tile < to; tile++)
        {
            int first = WordTile.FirstToken(tile, tokens), height = WordTile.FirstToken(tile + 1, tokens) - first;
            for (int t = 0; t < height; t++)
                rounding.Round(first, t, height);
        }
    }
}
