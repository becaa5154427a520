using Iced.Intel;

namespace Winnow.Kernels.Assembled;

/// <summary>What the tile products of integers have in common: sums of 32 rows for up to six tokens, group after group of columns.</summary>
/// <remarks>
/// For each group: integer sums from their start; steps, each the next 32 bits of codes of all rows, one broadcast a token and two dot instructions a token;
/// then y = y + minimum · sum and y = y + scale · (input scale · integer sum). Registers: float sums, integer sums, then eight for the way between.
/// </remarks>
internal abstract class TileAssembler(int tokens, int groupLength, bool hasMinimum) : KernelAssembler
{
    private const Register Y = Register.R8, YStride = Register.R9, Groups = Register.R10, Accumulate = Register.R11;
    private const Register Cursor = Arguments;
    private const int FirstTemporary = 4 * WordTile.MaxTokens;
    private const ulong FromZero = 1, NextGroup = 2;

    /// <summary>Records of weights, moved on with each group.</summary>
    protected const Register Weights = Register.RCX;

    /// <summary>Records of inputs, moved on with each group.</summary>
    protected const Register Inputs = Register.RDX;

    /// <summary>Tokens of the tile.</summary>
    protected int Tokens { get; } = tokens;

    /// <summary>Steps of a group.</summary>
    protected virtual int Steps { get; } = groupLength / 2;

    /// <summary>Bytes that one token adds to a group's record of inputs: 32 bits a step, scale, sum, and what the product needs besides.</summary>
    protected virtual int InputRecord { get; } = WordTile.InputRecord(groupLength);

    /// <summary>The instruction that adds the products of a step to integer sums.</summary>
    protected virtual Code Dot => Code.EVEX_Vpdpwssd_zmm_k1z_zmm_zmmm512b32;

    /// <summary>Bytes of a record of weights.</summary>
    protected abstract int RecordBytes { get; }

    /// <summary>Where the record's 32 scales begin; minima follow them.</summary>
    protected abstract int ScaleOffset { get; }

    /// <summary>Bytes of 32 scales.</summary>
    protected abstract int ScaleBytes { get; }

    /// <summary>Vectors that no sum uses: 0 to 7, the last three of them used by the tile itself while it multiplies.</summary>
    protected static Register Temporary(int i) => Vector(FirstTemporary + i);

    /// <summary>Where a step leaves the codes of 16 rows.</summary>
    protected static Register Codes(int half) => Temporary(5 + half);

    /// <summary>Loads what stays the same for all groups.</summary>
    protected virtual void Constants()
    {
    }

    /// <summary>The instruction that begins a group's integer sums.</summary>
    protected virtual Instruction Begin(Register sums, int token) => Zero(sums);

    /// <summary>Brings the codes of a step of 16 rows to <see cref="Codes"/>, in the form that <see cref="Dot"/> takes.</summary>
    protected abstract void LoadCodes(int step, int half);

    /// <summary>Brings 16 scales or minima to a register.</summary>
    protected abstract void LoadScales(Register to, int offset);

    /// <summary>The machine code.</summary>
    protected byte[] Tile()
    {
        Prologue([Weights, Inputs, Y, YStride, Groups, Accumulate]);
        Constants();
        LoadSums();
        Loop();
        StoreSums();
        Epilogue();
        return Encode();
    }

    private static Register Float(int token, int half) => Vector(2 * token + half);

    private static Register Integer(int token, int half) => Vector(2 * WordTile.MaxTokens + 2 * token + half);

    private void LoadSums()
    {
        Add(Instruction.Create(Code.Test_rm64_r64, Accumulate, Accumulate));
        Add(Instruction.CreateBranch(Code.Je_rel32_64, FromZero));
        Add(Instruction.Create(Code.Mov_r64_rm64, Cursor, Y));
        for (int t = 0; t < Tokens; t++)
        {
            for (int h = 0; h < 2; h++)
                Add(Instruction.Create(Code.EVEX_Vmovups_zmm_k1z_zmmm512, Float(t, h), At(Cursor, h * VectorBytes)));
            Add(Instruction.Create(Code.Add_r64_rm64, Cursor, YStride));
        }
        Add(Instruction.CreateBranch(Code.Jmp_rel32_64, NextGroup));
        for (int i = 0; i < 2 * Tokens; i++)
            AddLabelled(i == 0 ? FromZero : 0, Zero(Vector(i)));
    }

    private void Loop()
    {
        int inputScales = Steps * 4 * Tokens;
        for (int i = 0; i < 2 * Tokens; i++)
            AddLabelled(i == 0 ? NextGroup : 0, Begin(Integer(i / 2, i % 2), i / 2));
        for (int step = 0; step < Steps; step++)
            Step(step);
        if (hasMinimum)
            AddMinima(ScaleOffset + ScaleBytes, inputScales + 4 * Tokens);
        AddScaled(inputScales);
        Add(Instruction.Create(Code.Add_rm64_imm32, Weights, RecordBytes));
        Add(Instruction.Create(Code.Add_rm64_imm32, Inputs, InputRecord * Tokens));
        Add(Instruction.Create(Code.Dec_rm64, Groups));
        Add(Instruction.CreateBranch(Code.Jne_rel32_64, NextGroup));
    }

    private void Step(int step)
    {
        Register input = Temporary(7);
        for (int h = 0; h < 2; h++)
            LoadCodes(step, h);
        for (int t = 0; t < Tokens; t++)
        {
            Add(Instruction.Create(Code.EVEX_Vpbroadcastd_zmm_k1z_xmmm32, input, At(Inputs, (step * Tokens + t) * 4)));
            for (int h = 0; h < 2; h++)
                Add(Instruction.Create(Dot, Integer(t, h), Codes(h), input));
        }
    }

    private void AddMinima(int minima, int sums)
    {
        LoadPair(minima);
        for (int t = 0; t < Tokens; t++)
        {
            for (int h = 0; h < 2; h++)
                Add(Instruction.Create(Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, Float(t, h), Codes(h), Broadcast(Inputs, sums + 4 * t)));
        }
    }

    private void AddScaled(int inputScales)
    {
        LoadPair(ScaleOffset);
        for (int t = 0; t < Tokens; t++)
        {
            for (int h = 0; h < 2; h++)
            {
                Register sum = Integer(t, h);
                Add(Instruction.Create(Code.EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er, sum, sum));
                Add(Instruction.Create(Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, sum, sum, Broadcast(Inputs, inputScales + 4 * t)));
                Add(Instruction.Create(Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, Float(t, h), Codes(h), sum));
            }
        }
    }

    private void LoadPair(int offset)
    {
        for (int h = 0; h < 2; h++)
            LoadScales(Codes(h), offset + h * ScaleBytes / 2);
    }

    private void StoreSums()
    {
        for (int t = 0; t < Tokens; t++)
        {
            for (int h = 0; h < 2; h++)
                Add(Instruction.Create(Code.EVEX_Vmovups_zmmm512_k1z_zmm, At(Y, h * VectorBytes), Float(t, h)));
            Add(Instruction.Create(Code.Add_r64_rm64, Y, YStride));
        }
    }
}
