using Winnow.Kernels.Assembled;

namespace Winnow.Kernels.Linear;

/// <summary>Where the parts of a panel of 16-bit weights lie in a worker's scratch.</summary>
internal readonly unsafe struct WordPanel
{
    /// <summary>Columns of a run: with its tile of inputs it fits the first cache of 48 KiB, or of 32 KiB nearly.</summary>
    private const int RunColumns = 384;

    /// <summary>Groups of a row, rounded up to whole vectors.</summary>
    public readonly int Stride;

    /// <summary>Records of one run; see <see cref="WordTile"/>.</summary>
    public readonly byte* Records;

    /// <summary>32 columns of 16 rows, four codes a lane, on their way into records.</summary>
    public readonly float* Bytes;

    /// <summary>Sums of a tile whose rows do not fill it.</summary>
    public readonly float* Edge;

    /// <summary>[2 halves][<see cref="Stride"/>][16 rows].</summary>
    public readonly float* Scales;

    /// <summary>[2 halves][<see cref="Stride"/>][16 rows].</summary>
    public readonly float* Minima;

    /// <summary>[32 rows][<see cref="Stride"/>].</summary>
    public readonly float* RowScales;

    /// <summary>[32 rows][<see cref="Stride"/>].</summary>
    public readonly float* RowMinima;

    public WordPanel(float* scratch, int columns, int groupLength)
    {
        Stride = LinearWorkspace.RoundUp(columns / groupLength, 8);
        int plane = WordTile.Rows * Stride;
        Records = (byte*)scratch;
        Bytes = scratch + RecordFloats;
        Edge = Bytes + 8 * 16;
        Scales = Edge + WordTile.Rows * WordTile.MaxTokens;
        Minima = Scales + plane;
        RowScales = Minima + plane;
        RowMinima = RowScales + plane;
    }

    // Groups of 16 values have twice the scales, so their records are the larger ones.
    private static int RecordFloats => RunColumns / 16 * WordTile.WeightRecord(16) / sizeof(float);

    /// <summary>How many runs a row is cut into.</summary>
    public static int Runs(int columns) => (columns + RunColumns - 1) / RunColumns;

    /// <summary>Scratch of one worker.</summary>
    public static int ScratchFloats(int columns) =>
        checked(RecordFloats + 8 * 16 + WordTile.Rows * WordTile.MaxTokens + 4 * WordTile.Rows * LinearWorkspace.RoundUp(columns / 16, 8));
}
