namespace Winnow.Kernels.Assembled;

/// <summary>
/// Shape and memory layout of the assembled product: 32 weight rows (two 512-bit vectors, a 32-bit lane a row) × up to six tokens, both sides as 16-bit
/// integers, so that one <c>vpdpwssd</c> does 32 multiplications and a group needs one sum instead of one for each byte of the inputs.
/// </summary>
/// <remarks>
/// Weights: for each group a record of [length / 2][32 rows][2 codes], 32 scales and 32 minima. Inputs: for each group a record of
/// [length / 2][tokens][2 codes], scales and sums of all tokens of the tile. The two codes of a step are columns (0, 2) or (1, 3) of four: that is how
/// bytes widen to words without crossing lanes. Records follow one another, so the kernel walks two pointers and nothing else.
/// </remarks>
internal static class WordTile
{
    /// <summary>Weight rows of a tile.</summary>
    public const int Rows = 32;

    /// <summary>Tokens of the largest tile: 2 × 6 integer sums, as many float sums, and a few vectors on the way fill the 32 registers.</summary>
    public const int MaxTokens = 6;

    /// <summary>Bytes of one step of the weights: a pair of 16-bit codes of each row.</summary>
    public const int WeightStepBytes = 4 * Rows;

    /// <summary>Bytes of a group's record of weights.</summary>
    public static int WeightRecord(int groupLength) => groupLength / 2 * WeightStepBytes + 2 * sizeof(float) * Rows;

    /// <summary>Bytes that one token adds to a group's record of inputs.</summary>
    public static int InputRecord(int groupLength) => groupLength / 2 * 4 + 2 * sizeof(float);

    /// <summary>How many tiles the tokens are cut into; their heights differ by one at most.</summary>
    public static int Tiles(int tokens) => (tokens + MaxTokens - 1) / MaxTokens;

    /// <summary>First token of a tile.</summary>
    public static int FirstToken(int tile, int tokens) => (int)((long)tokens * tile / Tiles(tokens));
}

/// <summary>What an assembled tile product is called with.</summary>
internal unsafe struct WordTileArguments
{
    /// <summary>Records of weights, aligned to 64 bytes.</summary>
    public byte* Weights;

    /// <summary>Records of inputs.</summary>
    public byte* Inputs;

    /// <summary>[tokens][32] sums.</summary>
    public float* Y;

    /// <summary>Bytes from one token's sums to the next.</summary>
    public nint YStride;

    /// <summary>Records to multiply, at least 1.</summary>
    public nint Groups;

    /// <summary>0: sums start at zero; else at what <see cref="Y"/> holds.</summary>
    public nint Accumulate;
}
