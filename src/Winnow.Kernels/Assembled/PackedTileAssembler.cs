using Iced.Intel;
using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Assembled;

/// <summary>Writes the machine code of one tile product that unpacks its weights in registers; see <see cref="PackedTile"/>.</summary>
internal sealed class PackedTileAssembler(int tokens, TensorType type) : TileAssembler(tokens, PackedTile.Columns, PackedTile.HasMinimum(type))
{
    private readonly TensorType _type = type;

    private static Register LowNibble => Temporary(0);

    private static Register FifthBit => Temporary(1);

    private static Register High => Temporary(2);

    /// <inheritdoc/>
    protected override int RecordBytes => PackedTile.RecordBytes(_type);

    /// <inheritdoc/>
    protected override int ScaleOffset => PackedTile.ScaleOffset(_type);

    /// <inheritdoc/>
    protected override int ScaleBytes => sizeof(ushort) * WordTile.Rows;

    /// <summary>Assembles the product for tiles of <paramref name="tokens"/> tokens and weights of a type.</summary>
    public static byte[] Assemble(int tokens, TensorType type) => new PackedTileAssembler(tokens, type).Tile();

    /// <inheritdoc/>
    protected override void Constants()
    {
        Fill(LowNibble, 0x000F000F);
        Fill(FifthBit, 0x00100010);
    }

    /// <inheritdoc/>
    protected override void LoadCodes(int step, int half)
    {
        Register codes = Codes(half);
        switch (_type)
        {
            case TensorType.Q8_0:
                LoadByte(step, half, codes);
                break;
            case TensorType.Q4_0:
                LoadSignedNibble(step, half, codes);
                break;
            case TensorType.Q5_0:
                LoadNibble(step, half, codes);
                AddSign(step, half, codes);
                break;
            case TensorType.Q5_1:
                LoadNibble(step, half, codes);
                AddFifthBit(step, half, codes);
                break;
            default:
                LoadNibble(step, half, codes);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void LoadScales(Register to, int offset) =>
        Add(Instruction.Create(Code.EVEX_Vcvtph2ps_zmm_k1z_ymmm256_sae, to, At(Weights, offset)));

    private void Fill(Register vector, int lanes)
    {
        Add(Instruction.Create(Code.Mov_r32_imm32, Register.EAX, lanes));
        Add(Instruction.Create(Code.EVEX_Vpbroadcastd_zmm_k1z_r32, vector, Register.EAX));
    }

    /// <summary>The vector of a record that holds a step's codes.</summary>
    private static MemoryOperand Stored(int vector, int half) => At(Weights, (2 * vector + half) * VectorBytes);

    private void LoadByte(int step, int half, Register to)
    {
        MemoryOperand stored = Stored(step / 2, half);
        if (step % 2 == 0)
        {
            Add(Instruction.Create(Code.EVEX_Vpsllw_zmm_k1z_zmmm512_imm8, to, stored, 8));
            Add(Instruction.Create(Code.EVEX_Vpsraw_zmm_k1z_zmmm512_imm8, to, to, 8));
        }
        else
        {
            Add(Instruction.Create(Code.EVEX_Vpsraw_zmm_k1z_zmmm512_imm8, to, stored, 8));
        }
    }

    private void LoadSignedNibble(int step, int half, Register to)
    {
        MemoryOperand stored = Stored(step / 4, half);
        int above = 12 - 4 * (step % 4);
        if (above > 0)
        {
            Add(Instruction.Create(Code.EVEX_Vpsllw_zmm_k1z_zmmm512_imm8, to, stored, above));
            Add(Instruction.Create(Code.EVEX_Vpsraw_zmm_k1z_zmmm512_imm8, to, to, 12));
        }
        else
        {
            Add(Instruction.Create(Code.EVEX_Vpsraw_zmm_k1z_zmmm512_imm8, to, stored, 12));
        }
    }

    private void LoadNibble(int step, int half, Register to)
    {
        MemoryOperand stored = Stored(step / 4, half);
        int below = 4 * (step % 4);
        if (below == 0)
        {
            Add(Instruction.Create(Code.EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32, to, LowNibble, stored));
            return;
        }
        Add(Instruction.Create(Code.EVEX_Vpsrlw_zmm_k1z_zmmm512_imm8, to, stored, below));
        if (below < 12)
            Add(Instruction.Create(Code.EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32, to, to, LowNibble));
    }

    private MemoryOperand FifthBits(int half) => At(Weights, PackedTile.MainBytes(_type) + half * VectorBytes);

    private void AddFifthBit(int step, int half, Register to)
    {
        const byte orAnd = 0xF8; // to | (bits & mask)
        Code shift = step < 4 ? Code.EVEX_Vpsllw_zmm_k1z_zmmm512_imm8 : Code.EVEX_Vpsrlw_zmm_k1z_zmmm512_imm8;
        Add(Instruction.Create(shift, High, FifthBits(half), Math.Abs(step - 4)));
        Add(Instruction.Create(Code.EVEX_Vpternlogd_zmm_k1z_zmm_zmmm512b32_imm8, to, High, FifthBit, orAnd));
    }

    /// <summary>The fifth bit of a signed code is its sign, which fills all bits above.</summary>
    private void AddSign(int step, int half, Register to)
    {
        const byte orAndNot = 0xF4; // to | (bits & ~mask)
        Add(Instruction.Create(Code.EVEX_Vpsllw_zmm_k1z_zmmm512_imm8, High, FifthBits(half), 15 - step));
        Add(Instruction.Create(Code.EVEX_Vpsraw_zmm_k1z_zmmm512_imm8, High, High, 11));
        Add(Instruction.Create(Code.EVEX_Vpternlogd_zmm_k1z_zmm_zmmm512b32_imm8, to, High, LowNibble, orAndNot));
    }
}
