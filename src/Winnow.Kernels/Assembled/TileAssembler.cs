using Iced.Intel;

namespace Winnow.Kernels.Assembled;

/// <summary>What the tile products of integers have in common: sums of 32 rows for up to six tokens, group after group of columns.</summary>
/// <remarks>
/// For each group: integer sums from their start; steps, each the next 32 bits of codes of all rows, one broadcast a token and two dot instructions a token;
/// then y = y + minimum · sum and y = y + scale · (input scale · integer sum). A record of weights whose scales change within it does that in parts.
/// Registers: float sums, integer sums, then eight for the way between.
/// </remarks>
internal abstract class TileAssembler(int tokens, int groupLength, bool hasMinimum) : KernelAssembler
{
    private const Register Y = Register.R8, YStride = Register.R9, Accumulate = Register.R11;
    private const Register Cursor = Arguments;
    private const int FirstTemporary = 4 * WordTile.MaxTokens;
    private const ulong FromZero = 1, NextGroup = 2;

    /// <summary>Records of weights, moved on with each group.</summary>
    protected const Register Weights = Register.RCX;

    /// <summary>Records of inputs, moved on with each group.</summary>
    protected const Register Inputs = Register.RDX;

    /// <summary>Groups that are left.</summary>
    protected const Register Groups = Register.R10;

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

    /// <summary>Parts of a record, each with a plane of scales of its own; one where there are minima.</summary>
    protected virtual int Parts => 1;

    /// <summary>Where the record's planes begin: scales, then minima or the scales of the second part.</summary>
    protected abstract int ScaleOffset { get; }

    /// <summary>Bytes of a plane, 32 scales or minima.</summary>
    protected abstract int PlaneBytes { get; }

    /// <summary>Vectors that no sum uses: 0 to 7, the last three of them used by the tile itself while it multiplies.</summary>
    protected static Register Temporary(int i) => Vector(FirstTemporary + i);

    /// <summary>Where a step leaves the codes of 16 rows.</summary>
    protected static Register Codes(int half) => Temporary(5 + half);

    /// <summary>Loads what stays the same for all groups.</summary>
    protected virtual void Constants()
    {
    }

    /// <summary>Begins a record of weights.</summary>
    protected virtual void BeginRecord()
    {
    }

    /// <summary>Begins the integer sums of a part.</summary>
    protected virtual void Begin(Register sums, int token, int part) => Add(Zero(sums));

    /// <summary>Brings the codes of a step of 16 rows to <see cref="Codes"/>, in the form that <see cref="Dot"/> takes.</summary>
    protected abstract void LoadCodes(int step, int half);

    /// <summary>Brings 16 scales or minima to a register.</summary>
    protected abstract void LoadScales(Register to, int plane, int half);

    /// <summary>Where 16 scales or minima of a record lie.</summary>
    protected MemoryOperand ScalesAt(int plane, int half) => At(Weights, ScaleOffset + (2 * plane + half) * PlaneBytes / 2);

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
        Mark(FromZero);
        for (int i = 0; i < 2 * Tokens; i++)
            Add(Zero(Vector(i)));
    }

    private void Loop()
    {
        int inputScales = Steps * 4 * Tokens;
        Mark(NextGroup);
        BeginRecord();
        for (int part = 0; part < Parts; part++)
        {
            for (int i = 0; i < 2 * Tokens; i++)
                Begin(Integer(i / 2, i % 2), i / 2, part);
            for (int step = Steps * part / Parts; step < Steps * (part + 1) / Parts; step++)
                Step(step);
            if (hasMinimum)
                AddMinima(inputScales + 4 * Tokens);
            AddScaled(part, inputScales);
        }
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

    private void AddMinima(int sums)
    {
        LoadPair(plane: 1);
        for (int t = 0; t < Tokens; t++)
        {
            for (int h = 0; h < 2; h++)
                Add(Instruction.Create(Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, Float(t, h), Codes(h), Broadcast(Inputs, sums + 4 * t)));
        }
    }

    private void AddScaled(int part, int inputScales)
    {
        LoadPair(part);
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

    private void LoadPair(int plane)
    {
        for (int h = 0; h < 2; h++)
            LoadScales(Codes(h), plane, h);
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
