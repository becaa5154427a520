using Iced.Intel;
using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Assembled;

/// <summary>Writes the machine code of one tile product of packed weights with inputs of one byte; see <see cref="ByteTile"/>.</summary>
internal sealed class ByteTileAssembler(int tokens, TensorType type) : PackedWeightsAssembler(tokens, type)
{
    private static Register LowNibbles => Temporary(0);

    /// <summary>The bit that makes signed codes unsigned, of each byte; no type has it and bits above nibbles.</summary>
    private static Register SignBits => HighMask;

    /// <inheritdoc/>
    protected override int Steps => ByteTile.Steps;

    /// <inheritdoc/>
    protected override int InputRecord => ByteTile.InputRecord;

    /// <inheritdoc/>
    protected override Code Dot => Code.EVEX_Vpdpbusd_zmm_k1z_zmm_zmmm512b32;

    // Codes have 8, 4, 6 or 5 bits; the centre is the highest.
    private int TopBit => Type switch
    {
        TensorType.Q8_0 => 7,
        TensorType.Q4_0 => 3,
        TensorType.Q6_K => 5,
        _ => 4,
    };

    /// <summary>Assembles the product for tiles of <paramref name="tokens"/> tokens and weights of a type.</summary>
    public static byte[] Assemble(int tokens, TensorType type) => new ByteTileAssembler(tokens, type).Tile();

    /// <inheritdoc/>
    protected override void Constants()
    {
        Fill(LowNibbles, 0x0F0F0F0F);
        Fill(HighMask, Type == TensorType.Q6_K ? 0x30303030u : 0x01010101u << TopBit);
    }

    /// <inheritdoc/>
    protected override void Begin(Register sums, int token, int part)
    {
        const Code shift = Code.EVEX_Vpslld_zmm_k1z_zmmm512b32_imm8;
        MemoryOperand all = Sums(0, token), first = Sums(1, token);
        if (PackedTile.HasMinimum(Type))
        {
            Add(Zero(sums));
        }
        else if (part == 0)
        {
            Add(Instruction.Create(shift, sums, Parts == 1 ? all : first, TopBit));
        }
        else
        {
            Add(Instruction.Create(Code.EVEX_Vpbroadcastd_zmm_k1z_xmmm32, sums, At(Inputs, (int)all.Displacement)));
            Add(Instruction.Create(Code.EVEX_Vpsubd_zmm_k1z_zmm_zmmm512b32, sums, sums, first));
            Add(Instruction.Create(shift, sums, sums, TopBit));
        }
    }

    /// <inheritdoc/>
    protected override void LoadCodes(int step, int half)
    {
        Register codes = Codes(half);
        switch (Type)
        {
            case TensorType.Q8_0:
                Add(Instruction.Create(Code.EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32, codes, SignBits, Stored(step, half)));
                break;
            case TensorType.Q4_0:
                LoadNibbles(step, half, codes);
                Add(Instruction.Create(Code.EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32, codes, codes, SignBits));
                break;
            case TensorType.Q5_0:
                // The fifth bit of a signed code is the opposite of the unsigned one's.
                LoadNibbles(step, half, codes);
                AddInvertedHighBits(HighBits(0, half), step, codes);
                break;
            case TensorType.Q5_1 or TensorType.Q5_K:
                LoadNibbles(step, half, codes);
                AddHighBits(HighBits(0, half), step, codes);
                break;
            case TensorType.Q6_K:
                LoadNibbles(step, half, codes);
                AddHighBits(HighBits(step / 4, half), 2 * (step % 4), codes);
                break;
            default:
                LoadNibbles(step, half, codes);
                break;
        }
    }

    /// <summary>Minus the sums of a token's codes: of all, or of the first part's.</summary>
    private MemoryOperand Sums(int plane, int token) => Broadcast(Inputs, (ByteTile.SumOffset + sizeof(int) * plane) * Tokens + sizeof(int) * token);

    private void LoadNibbles(int step, int half, Register to)
    {
        MemoryOperand stored = Stored(step / 2, half);
        if (step % 2 == 0)
        {
            Add(Instruction.Create(Code.EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32, to, LowNibbles, stored));
            return;
        }
        // What a shift of 16 bits carries from byte to byte, the mask takes away.
        Add(Instruction.Create(Code.EVEX_Vpsrlw_zmm_k1z_zmmm512_imm8, to, stored, 4));
        Add(Instruction.Create(Code.EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32, to, to, LowNibbles));
    }
}
