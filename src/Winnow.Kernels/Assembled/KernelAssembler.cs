using Iced.Intel;

namespace Winnow.Kernels.Assembled;

/// <summary>
/// What the assembled kernels share: a list of instructions, the way in and out of a function that takes one pointer to its arguments, and the encoding.
/// </summary>
/// <remarks>A kernel may use RAX, RCX, RDX, RSI, RDI and R8 to R11, which hold its fields in an order of its own, and all 32 vectors.</remarks>
internal abstract class KernelAssembler
{
    /// <summary>Bytes of a vector.</summary>
    protected const int VectorBytes = 64;

    private const int SavedVectors = 10;
    private readonly List<Instruction> _code = [];
    private ulong _label;

    /// <summary>Where the function finds its arguments; free once they are loaded.</summary>
    protected const Register Arguments = Register.RAX;

    protected static Register Vector(int i) => Register.ZMM0 + i;

    protected static MemoryOperand At(Register register, int offset) => new(register, offset, 1);

    protected static MemoryOperand Broadcast(Register register, int offset) =>
        new(register, Register.None, 1, offset, 1, isBroadcast: true, Register.None);

    protected static Instruction Zero(Register register) => Instruction.Create(Code.EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32, register, register, register);

    protected void Add(Instruction instruction)
    {
        instruction.IP = _label;
        _label = 0;
        _code.Add(instruction);
    }

    /// <summary>Gives the next instruction the label that branches name: Iced takes its address for that.</summary>
    protected void Mark(ulong label) => _label = label;

    /// <summary>Loads the 64-bit fields of the arguments, one after another, into registers.</summary>
    protected void Prologue(ReadOnlySpan<Register> fields)
    {
        bool windows = OperatingSystem.IsWindows();
        Add(Instruction.Create(Code.Mov_r64_rm64, Arguments, windows ? Register.RCX : Register.RDI));
        if (windows)
        {
            // Windows wants these two and the lower halves of vectors 6 to 15 back.
            Add(Instruction.Create(Code.Push_r64, Register.RSI));
            Add(Instruction.Create(Code.Push_r64, Register.RDI));
            Add(Instruction.Create(Code.Sub_rm64_imm32, Register.RSP, 16 * SavedVectors + 8));
            for (int i = 0; i < SavedVectors; i++)
                Add(Instruction.Create(Code.VEX_Vmovups_xmmm128_xmm, At(Register.RSP, 16 * i), Register.XMM6 + i));
        }
        for (int i = 0; i < fields.Length; i++)
            Add(Instruction.Create(Code.Mov_r64_rm64, fields[i], At(Arguments, 8 * i)));
    }

    /// <summary>Three and five times a stride, which addresses cannot reach with a factor.</summary>
    protected void StrideMultiples(Register stride, Register three, Register five)
    {
        Add(Instruction.Create(Code.Lea_r64_m, three, new MemoryOperand(stride, stride, 2, 0, 0)));
        Add(Instruction.Create(Code.Lea_r64_m, five, new MemoryOperand(stride, stride, 4, 0, 0)));
    }

    /// <summary>Where a pointer that walks along row 0 has its place in one of six rows.</summary>
    protected static MemoryOperand InRow(int row, Register pointer, Register stride, Register three, Register five) => row switch
    {
        0 => At(pointer, 0),
        1 => new(pointer, stride, 1, 0, 0),
        2 => new(pointer, stride, 2, 0, 0),
        3 => new(pointer, three, 1, 0, 0),
        4 => new(pointer, stride, 4, 0, 0),
        _ => new(pointer, five, 1, 0, 0),
    };

    /// <summary>Returns.</summary>
    protected void Epilogue()
    {
        // Callers use vectors of 256 bits without the newer encoding: dirty upper halves would slow them down.
        Add(Instruction.Create(Code.VEX_Vzeroupper));
        if (OperatingSystem.IsWindows())
        {
            for (int i = 0; i < SavedVectors; i++)
                Add(Instruction.Create(Code.VEX_Vmovups_xmm_xmmm128, Register.XMM6 + i, At(Register.RSP, 16 * i)));
            Add(Instruction.Create(Code.Add_rm64_imm32, Register.RSP, 16 * SavedVectors + 8));
            Add(Instruction.Create(Code.Pop_r64, Register.RDI));
            Add(Instruction.Create(Code.Pop_r64, Register.RSI));
        }
        Add(Instruction.Create(Code.Retnq));
    }

    /// <summary>The machine code.</summary>
    protected byte[] Encode()
    {
        var writer = new ByteWriter();
        if (!BlockEncoder.TryEncode(64, new InstructionBlock(writer, _code, 0), out string? error, out _))
            throw new InvalidOperationException($"{GetType().Name} wrote code that cannot be assembled: {error}");
        return [.. writer.Bytes];
    }

    private sealed class ByteWriter : CodeWriter
    {
        public List<byte> Bytes { get; } = new(4096);

        public override void WriteByte(byte value) => Bytes.Add(value);
    }
}
