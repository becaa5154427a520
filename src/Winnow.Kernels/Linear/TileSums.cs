using Winnow.Kernels.Assembled;

namespace Winnow.Kernels.Linear;

/// <summary>Runs assembled tile products over all tokens, for the rows of one panel, into the product's place.</summary>
/// <param name="part">The matrix.</param>
/// <param name="tokens">Number of input rows.</param>
/// <param name="row">The panel's first row.</param>
/// <param name="rows">Its rows, up to 32.</param>
/// <param name="edge">[6 tokens][32 rows]: sums of a tile whose rows do not fill it.</param>
internal readonly unsafe ref struct TileSums(in LinearPart part, int tokens, int row, int rows, float* edge)
{
    private readonly float* _y = part.Y + row;
    private readonly int _yStride = part.YStride;

    /// <summary>Adds the products of some groups; the first ones of a row begin the sums.</summary>
    /// <param name="kernels">Products of tiles of 1 to 6 tokens.</param>
    /// <param name="records">The panel's records of these groups.</param>
    /// <param name="inputs">Inputs in the form that the products take.</param>
    /// <param name="from">First group.</param>
    /// <param name="to">The group after the last.</param>
    public void Add(void** kernels, byte* records, in InputTiles inputs, int from, int to)
    {
        bool whole = rows == WordTile.Rows;
        WordTileArguments arguments = new()
        {
            YStride = sizeof(float) * (nint)(whole ? _yStride : WordTile.Rows),
            Accumulate = from,
        };
        for (int tile = 0; tile < WordTile.Tiles(tokens); tile++)
        {
            int token = WordTile.FirstToken(tile, tokens), height = WordTile.FirstToken(tile + 1, tokens) - token;
            float* sums = _y + (nint)token * _yStride;
            arguments.Weights = records;
            arguments.Inputs = inputs.Record(token, height, from);
            arguments.Groups = to - from;
            arguments.Y = whole ? sums : edge;
            if (!whole && from > 0)
                Copy(sums, _yStride, edge, WordTile.Rows, height);
            ((delegate* unmanaged[SuppressGCTransition]<WordTileArguments*, void>)kernels[height - 1])(&arguments);
            if (!whole)
                Copy(edge, WordTile.Rows, sums, _yStride, height);
        }
    }

    private void Copy(float* source, nint sourceStride, float* target, nint targetStride, int height)
    {
        for (int t = 0; t < height; t++)
            new ReadOnlySpan<float>(source + t * sourceStride, rows).CopyTo(new Span<float>(target + t * targetStride, rows));
    }
}
