using Iced.Intel;
using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Assembled;

/// <summary>What the tile products that unpack their weights in registers have in common: where <see cref="PackedTile"/> puts what they read.</summary>
internal abstract class PackedWeightsAssembler(int tokens, TensorType type) : TileAssembler(tokens, PackedTile.Columns, PackedTile.HasMinimum(type))
{
    private const Register Header = Register.RSI;
    private const ulong WithinBlock = 16;
    private const byte OrAnd = 0xF8; // to | (bits & mask)

    /// <summary>The bits above the nibble, in each lane that holds a code.</summary>
    protected static Register HighMask => Temporary(1);

    /// <summary>Room for the bits above the nibbles on their way.</summary>
    protected static Register High => Temporary(2);

    /// <summary>Type of the weights.</summary>
    protected TensorType Type { get; } = type;

    /// <inheritdoc/>
    protected override int Parts => PackedTile.Parts(Type);

    /// <inheritdoc/>
    protected override int RecordBytes => PackedTile.RecordBytes(Type);

    /// <inheritdoc/>
    protected override int ScaleOffset => PackedTile.ScaleOffset(Type);

    /// <inheritdoc/>
    protected override int PlaneBytes => PackedTile.PlaneBytes(Type);

    /// <summary>Where a super-block begins, which the number of records left tells, keeps its header and goes on to its records.</summary>
    protected override void BeginRecord()
    {
        if (!PackedTile.HasSuperBlocks(Type))
            return;
        Add(Instruction.Create(Code.Test_rm64_imm32, Groups, PackedTile.BlockRecords(Type) - 1));
        Add(Instruction.CreateBranch(Code.Jne_rel32_64, WithinBlock));
        Add(Instruction.Create(Code.Mov_r64_rm64, Header, Weights));
        Add(Instruction.Create(Code.Add_rm64_imm32, Weights, PackedTile.HeaderBytes(Type)));
        Mark(WithinBlock);
    }

    /// <inheritdoc/>
    protected override void LoadScales(Register to, int plane, int half)
    {
        if (!PackedTile.HasSuperBlocks(Type))
        {
            LoadHalves(to, ScalesAt(plane, half));
            return;
        }
        Register bytes = Temporary(7);
        int headerPlane = PackedTile.HasMinimum(Type) ? plane : 0;
        LoadHalves(to, At(Header, (2 * headerPlane + half) * VectorBytes / 2));
        // Scales and minima of six bits have no sign to lose.
        Add(Instruction.Create(Code.EVEX_Vpmovsxbd_zmm_k1z_xmmm128, bytes, ScalesAt(plane, half)));
        Add(Instruction.Create(Code.EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er, bytes, bytes));
        Add(Instruction.Create(Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, to, to, bytes));
    }

    /// <summary>Puts the same 32 bits into all lanes.</summary>
    protected void Fill(Register vector, uint lane)
    {
        Add(Instruction.Create(Code.Mov_r32_imm32, Register.EAX, lane));
        Add(Instruction.Create(Code.EVEX_Vpbroadcastd_zmm_k1z_r32, vector, Register.EAX));
    }

    /// <summary>A vector of a record: bytes or nibbles of 16 rows.</summary>
    protected static MemoryOperand Stored(int vector, int half) => At(Weights, (2 * vector + half) * VectorBytes);

    /// <summary>A vector of the bits above the nibbles of 16 rows.</summary>
    protected MemoryOperand HighBits(int vector, int half) => At(Weights, PackedTile.MainBytes(Type) + (2 * vector + half) * VectorBytes);

    /// <summary>Moves stored bits so that bit <paramref name="bit"/> becomes bit 4, and adds those that <see cref="HighMask"/> keeps to nibbles.</summary>
    protected void AddHighBits(MemoryOperand stored, int bit, Register to)
    {
        if (bit == 4)
        {
            Add(Instruction.Create(Code.EVEX_Vpternlogd_zmm_k1z_zmm_zmmm512b32_imm8, to, HighMask, stored, OrAnd));
            return;
        }
        ShiftToFour(stored, bit);
        Add(Instruction.Create(Code.EVEX_Vpternlogd_zmm_k1z_zmm_zmmm512b32_imm8, to, High, HighMask, OrAnd));
    }

    /// <summary>The same with all bits inverted.</summary>
    protected void AddInvertedHighBits(MemoryOperand stored, int bit, Register to)
    {
        const byte orNotAnd = 0xF2; // to | (~bits & mask)
        ShiftToFour(stored, bit);
        Add(Instruction.Create(Code.EVEX_Vpternlogd_zmm_k1z_zmm_zmmm512b32_imm8, to, High, HighMask, orNotAnd));
    }

    private void ShiftToFour(MemoryOperand stored, int bit)
    {
        Code shift = bit < 4 ? Code.EVEX_Vpsllw_zmm_k1z_zmmm512_imm8 : Code.EVEX_Vpsrlw_zmm_k1z_zmmm512_imm8;
        Add(Instruction.Create(shift, High, stored, Math.Abs(bit - 4)));
    }

    private void LoadHalves(Register to, MemoryOperand halves) => Add(Instruction.Create(Code.EVEX_Vcvtph2ps_zmm_k1z_ymmm256_sae, to, halves));
}
