using Iced.Intel;
using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Assembled;

/// <summary>Writes the machine code of one tile product that unpacks its weights to 16-bit integers in registers; see <see cref="PackedTile"/>.</summary>
internal sealed class PackedTileAssembler(int tokens, TensorType type) : PackedWeightsAssembler(tokens, type)
{
    private static Register LowNibble => Temporary(0);

    private static Register Centre => Temporary(3);

    /// <summary>Assembles the product for tiles of <paramref name="tokens"/> tokens and weights of a type.</summary>
    public static byte[] Assemble(int tokens, TensorType type) => new PackedTileAssembler(tokens, type).Tile();

    /// <inheritdoc/>
    protected override void Constants()
    {
        Fill(LowNibble, 0x000F000F);
        Fill(HighMask, Type == TensorType.Q6_K ? 0x00300030u : 0x00100010u);
        if (Type == TensorType.Q6_K)
            Fill(Centre, 0x00200020);
    }

    /// <inheritdoc/>
    protected override void LoadCodes(int step, int half)
    {
        Register codes = Codes(half);
        switch (Type)
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
            case TensorType.Q5_1 or TensorType.Q5_K:
                LoadNibble(step, half, codes);
                AddHighBits(HighBits(0, half), FifthBitOf(step), codes);
                break;
            case TensorType.Q6_K:
                LoadNibble(step, half, codes);
                AddHighBits(HighBits(Four(step) / 4, half), 8 * Byte(step) + 2 * (Four(step) % 4), codes);
                Add(Instruction.Create(Code.EVEX_Vpsubw_zmm_k1z_zmm_zmmm512, codes, codes, Centre));
                break;
            default:
                LoadNibble(step, half, codes);
                break;
        }
    }

    /// <summary>The four that holds a step's columns.</summary>
    private static int Four(int step) => step / 4 * 2 + step % 2;

    /// <summary>Which byte of each 16 bits of the four they are.</summary>
    private static int Byte(int step) => step % 4 / 2;

    private static int FifthBitOf(int step) => 8 * Byte(step) + Four(step);

    private void LoadByte(int step, int half, Register to)
    {
        MemoryOperand stored = Stored(Four(step), half);
        if (Byte(step) == 0)
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

    /// <summary>The fifth bit of a signed code is its sign, which fills all bits above.</summary>
    private void AddSign(int step, int half, Register to)
    {
        const byte orAndNot = 0xF4; // to | (bits & ~mask)
        Add(Instruction.Create(Code.EVEX_Vpsllw_zmm_k1z_zmmm512_imm8, High, HighBits(0, half), 15 - FifthBitOf(step)));
        Add(Instruction.Create(Code.EVEX_Vpsraw_zmm_k1z_zmmm512_imm8, High, High, 11));
        Add(Instruction.Create(Code.EVEX_Vpternlogd_zmm_k1z_zmm_zmmm512b32_imm8, to, High, LowNibble, orAndNot));
    }
}
