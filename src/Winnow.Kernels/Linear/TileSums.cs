using Winnow.Kernels.Assembled;

namespace Winnow.Kernels.Linear;

/// <summary>Runs assembled tile products over all tokens, for the rows of one panel, into the product's place.</summary>
/// <param name="part">The matrix.</param>
/// <param name="inputs">Inputs as words.</param>
/// <param name="row">The panel's first row.</param>
/// <param name="rows">Its rows, up to 32.</param>
/// <param name="edge">[6 tokens][32 rows]: sums of a tile whose rows do not fill it.</param>
internal readonly unsafe ref struct TileSums(in LinearPart part, in LinearInputs inputs, int row, int rows, float* edge)
{
    private readonly float* _y = part.Y + row;
    private readonly int _yStride = part.YStride;
    private readonly LinearInputs _inputs = inputs;

    /// <summary>Adds the products of some groups; the first ones of a row begin the sums.</summary>
    /// <param name="kernels">Products of tiles of 0 to 6 tokens.</param>
    /// <param name="records">The panel's records of these groups.</param>
    /// <param name="groupLength">Columns of a group.</param>
    /// <param name="from">First group.</param>
    /// <param name="to">The group after the last.</param>
    public void Add(void** kernels, byte* records, int groupLength, int from, int to)
    {
        nint groups = _inputs.Columns / groupLength, tokenRecord = WordTile.InputRecord(groupLength);
        byte* words = _inputs.Words(groupLength);
        bool whole = rows == WordTile.Rows;
        WordTileArguments arguments = new()
        {
            YStride = sizeof(float) * (nint)(whole ? _yStride : WordTile.Rows),
            Accumulate = from,
        };
        for (int tile = 0; tile < WordTile.Tiles(_inputs.Tokens); tile++)
        {
            int token = WordTile.FirstToken(tile, _inputs.Tokens), tokens = WordTile.FirstToken(tile + 1, _inputs.Tokens) - token;
            float* sums = _y + (nint)token * _yStride;
            arguments.Weights = records;
            arguments.Inputs = words + (token * groups + tokens * from) * tokenRecord;
            arguments.Groups = to - from;
            arguments.Y = whole ? sums : edge;
            if (!whole && from > 0)
                Copy(sums, _yStride, edge, WordTile.Rows, tokens);
            ((delegate* unmanaged[SuppressGCTransition]<WordTileArguments*, void>)kernels[tokens])(&arguments);
            if (!whole)
                Copy(edge, WordTile.Rows, sums, _yStride, tokens);
        }
    }

    private void Copy(float* source, nint sourceStride, float* target, nint targetStride, int tokens)
    {
        for (int t = 0; t < tokens; t++)
            new ReadOnlySpan<float>(source + t * sourceStride, rows).CopyTo(new Span<float>(target + t * targetStride, rows));
    }
}
