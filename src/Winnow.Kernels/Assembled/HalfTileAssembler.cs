using Iced.Intel;

namespace Winnow.Kernels.Assembled;

/// <summary>Writes the machine code of one product with halves; see <see cref="HalfTile"/>.</summary>
internal sealed class HalfTileAssembler(int rows, int vectors) : RowTileAssembler(rows, vectors)
{
    private const int HalfVectorBytes = VectorBytes / 2, LineBytes = 64;

    /// <inheritdoc/>
    protected override Code BroadcastA => Code.EVEX_Vbroadcastss_zmm_k1z_xmmm32;

    /// <inheritdoc/>
    protected override Code Product => Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er;

    /// <summary>Assembles the product of <paramref name="rows"/> rows and <paramref name="vectors"/> vectors.</summary>
    public static byte[] Assemble(int rows, int vectors) => new HalfTileAssembler(rows, vectors).Tile();

    /// <inheritdoc/>
    protected override Instruction LoadB(int vector) =>
        Instruction.Create(Code.EVEX_Vcvtph2ps_zmm_k1z_ymmm256_sae, OfB(vector), At(B, vector * HalfVectorBytes));

    /// <inheritdoc/>
    protected override void AtEachStep()
    {
        for (int offset = 0; offset < Vectors * HalfVectorBytes; offset += LineBytes)
            Add(Instruction.Create(Code.Prefetcht1_m8, new MemoryOperand(B, Ahead, 1, offset, 1)));
    }

    /// <inheritdoc/>
    protected override void Settle(Register sum, int vector, MemoryOperand place, bool accumulate)
    {
        if (accumulate)
            Add(Instruction.Create(Code.EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er, sum, sum, place));
        Add(Instruction.Create(Code.EVEX_Vmovups_zmmm512_k1z_zmm, place, sum));
    }
}
