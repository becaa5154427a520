using Iced.Intel;

namespace Winnow.Kernels.Assembled;

/// <summary>Writes the machine code of one product of 16-bit integers; see <see cref="WordProduct"/>.</summary>
/// <remarks>
/// For each pair of rows of B: its vectors loaded once, then for each row of A two of its elements broadcast and one dot instruction a vector. Sums become
/// floats at the end: sum · (scale of the row) · (scale of the column).
/// </remarks>
internal sealed class WordProductAssembler : KernelAssembler
{
    private const Register A = Register.RCX, AStride = Register.RDX, B = Register.R8, BStride = Register.R9, Steps = Register.R10;
    private const Register ThreeStrides = Register.RSI, FiveStrides = Register.RDI;
    private const Register C = Register.RCX, CStride = Register.RDX, AScales = Register.R8, BScales = Register.R9, Accumulate = Register.R10;
    private const int FirstB = WordProduct.MaxRows * WordProduct.MaxVectors, FieldsOfLoop = 5;
    private const ulong Loop = 1, Store = 2;
    private readonly int _rows;
    private readonly int _vectors;

    private WordProductAssembler(int rows, int vectors)
    {
        _rows = rows;
        _vectors = vectors;
    }

    private static Register Element => Vector(FirstB + WordProduct.MaxVectors);

    /// <summary>Assembles the product of <paramref name="rows"/> rows and <paramref name="vectors"/> vectors.</summary>
    public static byte[] Assemble(int rows, int vectors)
    {
        var assembler = new WordProductAssembler(rows, vectors);
        assembler.Prologue([A, AStride, B, BStride, Steps]);
        assembler.Products();
        assembler.Sums();
        assembler.Epilogue();
        return assembler.Encode();
    }

    private static Register OfB(int vector) => Vector(FirstB + vector);

    private Register Sum(int row, int vector) => Vector(row * _vectors + vector);

    private void Products()
    {
        StrideMultiples(AStride, ThreeStrides, FiveStrides);
        for (int i = 0; i < _rows * _vectors; i++)
            Add(Zero(Vector(i)));
        for (int vector = 0; vector < _vectors; vector++)
            AddLabelled(vector == 0 ? Loop : 0, Instruction.Create(Code.EVEX_Vmovdqu32_zmm_k1z_zmmm512, OfB(vector), At(B, vector * VectorBytes)));
        for (int row = 0; row < _rows; row++)
        {
            Add(Instruction.Create(Code.EVEX_Vpbroadcastd_zmm_k1z_xmmm32, Element, InRow(row, A, AStride, ThreeStrides, FiveStrides)));
            for (int vector = 0; vector < _vectors; vector++)
                Add(Instruction.Create(Code.EVEX_Vpdpwssd_zmm_k1z_zmm_zmmm512b32, Sum(row, vector), Element, OfB(vector)));
        }
        Add(Instruction.Create(Code.Add_r64_rm64, B, BStride));
        Add(Instruction.Create(Code.Add_rm64_imm8, A, 2 * sizeof(short)));
        Add(Instruction.Create(Code.Dec_rm64, Steps));
        Add(Instruction.CreateBranch(Code.Jne_rel32_64, Loop));
    }

    private void Sums()
    {
        Register[] fields = [C, CStride, AScales, BScales, Accumulate];
        for (int i = 0; i < fields.Length; i++)
            Add(Instruction.Create(Code.Mov_r64_rm64, fields[i], At(Arguments, 8 * (FieldsOfLoop + i))));
        for (int vector = 0; vector < _vectors; vector++)
            Add(Instruction.Create(Code.EVEX_Vmovups_zmm_k1z_zmmm512, OfB(vector), At(BScales, vector * VectorBytes)));
        for (int row = 0; row < _rows; row++)
        {
            for (int vector = 0; vector < _vectors; vector++)
            {
                Register sum = Sum(row, vector);
                Add(Instruction.Create(Code.EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er, sum, sum));
                Add(Instruction.Create(Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, sum, sum, Broadcast(AScales, row * sizeof(float))));
            }
        }
        Add(Instruction.Create(Code.Mov_r64_rm64, Arguments, C));
        Add(Instruction.Create(Code.Test_rm64_r64, Accumulate, Accumulate));
        Add(Instruction.CreateBranch(Code.Je_rel32_64, Store));
        StoreRows(accumulate: true);
        AddLabelled(Store, Instruction.Create(Code.Nopd));
        StoreRows(accumulate: false);
    }

    /// <summary>The way out for one of the two cases: scales the columns, and adds what C holds where asked to.</summary>
    private void StoreRows(bool accumulate)
    {
        for (int row = 0; row < _rows; row++)
        {
            for (int vector = 0; vector < _vectors; vector++)
            {
                Register sum = Sum(row, vector);
                MemoryOperand place = At(C, vector * VectorBytes);
                Add(accumulate
                    ? Instruction.Create(Code.EVEX_Vfmadd213ps_zmm_k1z_zmm_zmmm512b32_er, sum, OfB(vector), place)
                    : Instruction.Create(Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, sum, sum, OfB(vector)));
                Add(Instruction.Create(Code.EVEX_Vmovups_zmmm512_k1z_zmm, place, sum));
            }
            Add(Instruction.Create(Code.Add_r64_rm64, C, CStride));
        }
        if (accumulate)
            Epilogue();
    }
}
