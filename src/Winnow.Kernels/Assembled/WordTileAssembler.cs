using Iced.Intel;

namespace Winnow.Kernels.Assembled;

/// <summary>Writes the machine code of one tile product; see <see cref="WordTile"/> for what it reads.</summary>
/// <remarks>
/// For each group: integer sums from zero; length / 2 steps, each two loads of weights, one broadcast a token and two dot instructions a token; then
/// y = y + minimum · sum and y = y + scale · (input scale · integer sum). Registers: float sums, integer sums, then four temporaries.
/// </remarks>
internal sealed class WordTileAssembler : KernelAssembler
{
    private const Register Weights = Register.RCX, Inputs = Register.RDX, Y = Register.R8, YStride = Register.R9, Groups = Register.R10;
    private const Register Accumulate = Register.R11, Cursor = Arguments;
    private const int Temporaries = 4 * WordTile.MaxTokens;
    private readonly int _tokens;
    private readonly int _groupLength;
    private readonly bool _hasMinimum;

    private WordTileAssembler(int tokens, int groupLength, bool hasMinimum)
    {
        _tokens = tokens;
        _groupLength = groupLength;
        _hasMinimum = hasMinimum;
    }

    /// <summary>Assembles the product for tiles of <paramref name="tokens"/> tokens, for groups of 16 or 32 values, with or without minima.</summary>
    public static byte[] Assemble(int tokens, int groupLength, bool hasMinimum)
    {
        var assembler = new WordTileAssembler(tokens, groupLength, hasMinimum);
        assembler.Prologue([Weights, Inputs, Y, YStride, Groups, Accumulate]);
        assembler.LoadSums();
        assembler.Loop();
        assembler.StoreSums();
        assembler.Epilogue();
        return assembler.Encode();
    }

    private static Register Float(int token, int half) => Vector(2 * token + half);

    private static Register Integer(int token, int half) => Vector(2 * WordTile.MaxTokens + 2 * token + half);

    private static Register Temporary(int i) => Vector(Temporaries + i);

    private void LoadSums()
    {
        const ulong fromZero = 1, loop = 2;
        Add(Instruction.Create(Code.Test_rm64_r64, Accumulate, Accumulate));
        Add(Instruction.CreateBranch(Code.Je_rel32_64, fromZero));
        Add(Instruction.Create(Code.Mov_r64_rm64, Cursor, Y));
        for (int t = 0; t < _tokens; t++)
        {
            for (int h = 0; h < 2; h++)
                Add(Instruction.Create(Code.EVEX_Vmovups_zmm_k1z_zmmm512, Float(t, h), At(Cursor, h * VectorBytes)));
            Add(Instruction.Create(Code.Add_r64_rm64, Cursor, YStride));
        }
        Add(Instruction.CreateBranch(Code.Jmp_rel32_64, loop));
        for (int i = 0; i < 2 * _tokens; i++)
            AddLabelled(i == 0 ? fromZero : 0, Zero(Vector(i)));
    }

    private void Loop()
    {
        const ulong loop = 2;
        int steps = _groupLength / 2;
        for (int i = 0; i < 2 * _tokens; i++)
            AddLabelled(i == 0 ? loop : 0, Zero(Integer(i / 2, i % 2)));
        for (int step = 0; step < steps; step++)
            Step(step);
        int scales = steps * WordTile.WeightStepBytes, inputScales = steps * 4 * _tokens;
        if (_hasMinimum)
            AddMinima(scales + 2 * VectorBytes, inputScales + 4 * _tokens);
        AddScaled(scales, inputScales);
        Add(Instruction.Create(Code.Add_rm64_imm32, Weights, WordTile.WeightRecord(_groupLength)));
        Add(Instruction.Create(Code.Add_rm64_imm32, Inputs, WordTile.InputRecord(_groupLength) * _tokens));
        Add(Instruction.Create(Code.Dec_rm64, Groups));
        Add(Instruction.CreateBranch(Code.Jne_rel32_64, loop));
    }

    private void Step(int step)
    {
        for (int h = 0; h < 2; h++)
            Add(Instruction.Create(Code.EVEX_Vmovdqu32_zmm_k1z_zmmm512, Temporary(h), At(Weights, step * WordTile.WeightStepBytes + h * VectorBytes)));
        for (int t = 0; t < _tokens; t++)
        {
            Add(Instruction.Create(Code.EVEX_Vpbroadcastd_zmm_k1z_xmmm32, Temporary(2), At(Inputs, (step * _tokens + t) * 4)));
            for (int h = 0; h < 2; h++)
                Add(Instruction.Create(Code.EVEX_Vpdpwssd_zmm_k1z_zmm_zmmm512b32, Integer(t, h), Temporary(h), Temporary(2)));
        }
    }

    private void AddMinima(int minima, int sums)
    {
        LoadPair(minima);
        for (int t = 0; t < _tokens; t++)
        {
            for (int h = 0; h < 2; h++)
                Add(Instruction.Create(Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, Float(t, h), Temporary(h), Broadcast(Inputs, sums + 4 * t)));
        }
    }

    private void AddScaled(int scales, int inputScales)
    {
        LoadPair(scales);
        for (int t = 0; t < _tokens; t++)
        {
            for (int h = 0; h < 2; h++)
            {
                Register sum = Integer(t, h);
                Add(Instruction.Create(Code.EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er, sum, sum));
                Add(Instruction.Create(Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, sum, sum, Broadcast(Inputs, inputScales + 4 * t)));
                Add(Instruction.Create(Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, Float(t, h), Temporary(h), sum));
            }
        }
    }

    private void LoadPair(int offset)
    {
        for (int h = 0; h < 2; h++)
            Add(Instruction.Create(Code.EVEX_Vmovups_zmm_k1z_zmmm512, Temporary(h), At(Weights, offset + h * VectorBytes)));
    }

    private void StoreSums()
    {
        for (int t = 0; t < _tokens; t++)
        {
            for (int h = 0; h < 2; h++)
                Add(Instruction.Create(Code.EVEX_Vmovups_zmmm512_k1z_zmm, At(Y, h * VectorBytes), Float(t, h)));
            Add(Instruction.Create(Code.Add_r64_rm64, Y, YStride));
        }
    }
}
