using Winnow.Kernels.Assembled;

namespace Winnow.Kernels.Linear;

/// <summary>The product with packed weights, for one token as for many: nothing is unpacked into memory, so few tokens cost little more than one.</summary>
internal static unsafe class PackedKernel
{
    /// <summary>Bytes of a panel that stay in the first cache, beside a tile of inputs, while all tiles of tokens pass.</summary>
    private const int RunBytes = 14 * 1024;

    /// <summary>Computes rows <paramref name="first"/> to <paramref name="end"/> − 1 for all tokens.</summary>
    /// <param name="part">A matrix with packed rows.</param>
    /// <param name="inputs">Inputs as bytes or words.</param>
    /// <param name="first">The first row of a panel.</param>
    /// <param name="end">The first row of another, or the end of the matrix.</param>
    /// <param name="scratch">Room for one tile of sums.</param>
    public static void Multiply(in LinearPart part, in LinearInputs inputs, int first, int end, float* scratch)
    {
        bool bytes = inputs.Bytes != null;
        void** kernels = bytes ? AssembledKernels.ByteTiles(part.Type) : AssembledKernels.PackedTiles(part.Type);
        InputTiles tiles = bytes ? inputs.ByteTiles : inputs.WordTiles(PackedTile.Columns);
        int blockRecords = PackedTile.BlockRecords(part.Type), blockBytes = PackedTile.BlockBytes(part.Type);
        int blocks = inputs.Columns / (blockRecords * PackedTile.Columns);
        int runs = inputs.Tokens <= 2 * WordTile.MaxTokens ? 1 : (blocks * blockBytes + RunBytes - 1) / RunBytes;
        for (int row = first; row < end; row += WordTile.Rows)
        {
            byte* panel = part.Packed + row / WordTile.Rows * (nint)blocks * blockBytes;
            for (int run = 0; run < runs; run++)
            {
                int from = blocks * run / runs, to = blocks * (run + 1) / runs;
                TileSums sums = new(part, inputs.Tokens, row, Math.Min(WordTile.Rows, end - row), scratch);
                sums.Add(kernels, panel + from * (nint)blockBytes, tiles, from * blockRecords, to * blockRecords);
            }
        }
    }
}
