using Iced.Intel;

namespace Winnow.Kernels.Assembled;

/// <summary>Writes the machine code of one product with halves; see <see cref="HalfTile"/>.</summary>
/// <remarks>For each row of B: its vectors widened once, then for each row of A one element broadcast and one multiplication a vector.</remarks>
internal sealed class HalfTileAssembler : KernelAssembler
{
    private const Register A = Register.RCX, AStride = Register.RDX, B = Register.R8, BStride = Register.R9, Ahead = Register.R10, Depth = Register.R11;
    private const Register ThreeStrides = Register.RSI, FiveStrides = Register.RDI, C = A, CStride = AStride, Accumulate = B;
    private const int HalfVectorBytes = VectorBytes / 2, LineBytes = 64, FirstB = HalfTile.MaxRows * HalfTile.MaxVectors;
    private const ulong Loop = 1, Store = 2;
    private readonly int _rows;
    private readonly int _vectors;

    private HalfTileAssembler(int rows, int vectors)
    {
        _rows = rows;
        _vectors = vectors;
    }

    /// <summary>Assembles the product of <paramref name="rows"/> rows and <paramref name="vectors"/> vectors.</summary>
    public static byte[] Assemble(int rows, int vectors)
    {
        var assembler = new HalfTileAssembler(rows, vectors);
        assembler.Prologue([A, AStride, B, BStride, Ahead, Depth]);
        assembler.Products();
        assembler.Sums();
        assembler.Epilogue();
        return assembler.Encode();
    }

    private Register Sum(int row, int vector) => Vector(row * _vectors + vector);

    private void Products()
    {
        Register element = Vector(FirstB + HalfTile.MaxVectors);
        StrideMultiples(AStride, ThreeStrides, FiveStrides);
        for (int i = 0; i < _rows * _vectors; i++)
            Add(Zero(Vector(i)));
        for (int vector = 0; vector < _vectors; vector++)
        {
            Instruction widen = Instruction.Create(Code.EVEX_Vcvtph2ps_zmm_k1z_ymmm256_sae, Vector(FirstB + vector), At(B, vector * HalfVectorBytes));
            AddLabelled(vector == 0 ? Loop : 0, widen);
        }
        for (int offset = 0; offset < _vectors * HalfVectorBytes; offset += LineBytes)
            Add(Instruction.Create(Code.Prefetcht1_m8, new MemoryOperand(B, Ahead, 1, offset, 1)));
        for (int row = 0; row < _rows; row++)
        {
            Add(Instruction.Create(Code.EVEX_Vbroadcastss_zmm_k1z_xmmm32, element, InRow(row, A, AStride, ThreeStrides, FiveStrides)));
            for (int vector = 0; vector < _vectors; vector++)
                Add(Instruction.Create(Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, Sum(row, vector), element, Vector(FirstB + vector)));
        }
        Add(Instruction.Create(Code.Add_r64_rm64, B, BStride));
        Add(Instruction.Create(Code.Add_rm64_imm8, A, sizeof(float)));
        Add(Instruction.Create(Code.Dec_rm64, Depth));
        Add(Instruction.CreateBranch(Code.Jne_rel32_64, Loop));
    }

    /// <summary>Adds what C holds, where asked to, and stores.</summary>
    private void Sums()
    {
        Register[] fields = [C, CStride, Accumulate];
        for (int i = 0; i < fields.Length; i++)
            Add(Instruction.Create(Code.Mov_r64_rm64, fields[i], At(Arguments, 8 * (6 + i))));
        Add(Instruction.Create(Code.Mov_r64_rm64, Arguments, C));
        Add(Instruction.Create(Code.Test_rm64_r64, Accumulate, Accumulate));
        Add(Instruction.CreateBranch(Code.Je_rel32_64, Store));
        for (int row = 0; row < _rows; row++)
        {
            for (int vector = 0; vector < _vectors; vector++)
            {
                Register sum = Sum(row, vector);
                Add(Instruction.Create(Code.EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er, sum, sum, At(C, vector * VectorBytes)));
            }
            Add(Instruction.Create(Code.Add_r64_rm64, C, CStride));
        }
        for (int row = 0; row < _rows; row++)
        {
            for (int vector = 0; vector < _vectors; vector++)
            {
                Instruction store = Instruction.Create(Code.EVEX_Vmovups_zmmm512_k1z_zmm, At(Arguments, vector * VectorBytes), Sum(row, vector));
                AddLabelled(row + vector == 0 ? Store : 0, store);
            }
            Add(Instruction.Create(Code.Add_r64_rm64, Arguments, CStride));
        }
    }
}
