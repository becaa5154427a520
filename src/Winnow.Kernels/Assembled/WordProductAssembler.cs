using Iced.Intel;

namespace Winnow.Kernels.Assembled;

/// <summary>Writes the machine code of one product of 16-bit integers; see <see cref="WordProduct"/>.</summary>
/// <remarks>A step is a pair of rows of B. Sums become floats at the end: sum · (scale of the row) · (scale of the column).</remarks>
internal sealed class WordProductAssembler(int rows, int vectors) : RowTileAssembler(rows, vectors)
{
    private const Register AScales = Register.R8, BScales = Register.R9;

    /// <inheritdoc/>
    protected override Code BroadcastA => Code.EVEX_Vpbroadcastd_zmm_k1z_xmmm32;

    /// <inheritdoc/>
    protected override Code Product => Code.EVEX_Vpdpwssd_zmm_k1z_zmm_zmmm512b32;

    /// <summary>Assembles the product of <paramref name="rows"/> rows and <paramref name="vectors"/> vectors.</summary>
    public static byte[] Assemble(int rows, int vectors) => new WordProductAssembler(rows, vectors).Tile();

    /// <inheritdoc/>
    protected override Instruction LoadB(int vector) => Instruction.Create(Code.EVEX_Vmovdqu32_zmm_k1z_zmmm512, OfB(vector), At(B, vector * VectorBytes));

    /// <inheritdoc/>
    protected override void Finish()
    {
        LoadField(3, AScales);
        LoadField(4, BScales);
        for (int vector = 0; vector < Vectors; vector++)
            Add(Instruction.Create(Code.EVEX_Vmovups_zmm_k1z_zmmm512, OfB(vector), At(BScales, vector * VectorBytes)));
        for (int row = 0; row < Rows; row++)
        {
            for (int vector = 0; vector < Vectors; vector++)
            {
                Register sum = Sum(row, vector);
                Add(Instruction.Create(Code.EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er, sum, sum));
                Add(Instruction.Create(Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, sum, sum, Broadcast(AScales, row * sizeof(float))));
            }
        }
    }

    /// <inheritdoc/>
    protected override void Settle(Register sum, int vector, MemoryOperand place, bool accumulate)
    {
        Add(accumulate
            ? Instruction.Create(Code.EVEX_Vfmadd213ps_zmm_k1z_zmm_zmmm512b32_er, sum, OfB(vector), place)
            : Instruction.Create(Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, sum, sum, OfB(vector)));
        Add(Instruction.Create(Code.EVEX_Vmovups_zmmm512_k1z_zmm, place, sum));
    }
}
