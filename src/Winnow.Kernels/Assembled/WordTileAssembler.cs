using Iced.Intel;

namespace Winnow.Kernels.Assembled;

/// <summary>Writes the machine code of one tile product whose weights are 16-bit integers already; see <see cref="WordTile"/>.</summary>
internal sealed class WordTileAssembler(int tokens, int groupLength, bool hasMinimum) : TileAssembler(tokens, groupLength, hasMinimum)
{
    private readonly int _groupLength = groupLength;

    /// <inheritdoc/>
    protected override int RecordBytes => WordTile.WeightRecord(_groupLength);

    /// <inheritdoc/>
    protected override int ScaleOffset => _groupLength / 2 * WordTile.WeightStepBytes;

    /// <inheritdoc/>
    protected override int PlaneBytes => 2 * VectorBytes;

    /// <summary>Assembles the product for tiles of <paramref name="tokens"/> tokens, for groups of 16 or 32 values, with or without minima.</summary>
    public static byte[] Assemble(int tokens, int groupLength, bool hasMinimum) => new WordTileAssembler(tokens, groupLength, hasMinimum).Tile();

    /// <inheritdoc/>
    protected override void LoadCodes(int step, int half) => Add(
        Instruction.Create(Code.EVEX_Vmovdqu32_zmm_k1z_zmmm512, Codes(half), At(Weights, step * WordTile.WeightStepBytes + half * VectorBytes)));

    /// <inheritdoc/>
    protected override void LoadScales(Register to, int plane, int half) =>
        Add(Instruction.Create(Code.EVEX_Vmovups_zmm_k1z_zmmm512, to, ScalesAt(plane, half)));
}
