using Iced.Intel;

namespace Winnow.Kernels.Assembled;

/// <summary>Writes the machine code of one kernel of <see cref="RowTile"/>.</summary>
/// <remarks>For each step of B: its vectors loaded once, then for each row of A 32 bits broadcast and one multiplication a vector.</remarks>
internal abstract class RowTileAssembler(int rows, int vectors) : KernelAssembler
{
    private const Register A = Register.RCX, AStride = Register.RDX, BStride = Register.R9, Steps = Register.R11;
    private const Register ThreeStrides = Register.RSI, FiveStrides = Register.RDI;
    private const Register C = Register.RCX, CStride = Register.RDX, Accumulate = Register.R11;
    private const int FirstB = RowTile.MaxRows * RowTile.MaxVectors, FieldsOfLoop = 6, StepBytes = 4;
    private const ulong Loop = 1, Overwrite = 2;

    /// <summary>The current step of B.</summary>
    protected const Register B = Register.R8;

    /// <summary>Bytes from there to what is fetched.</summary>
    protected const Register Ahead = Register.R10;

    /// <summary>Rows of the tile.</summary>
    protected int Rows { get; } = rows;

    /// <summary>Vectors of the tile.</summary>
    protected int Vectors { get; } = vectors;

    /// <summary>Loads a vector of B.</summary>
    protected abstract Instruction LoadB(int vector);

    /// <summary>The instruction that broadcasts 32 bits of A.</summary>
    protected abstract Code BroadcastA { get; }

    /// <summary>The instruction that adds the products of an element and a vector to a sum.</summary>
    protected abstract Code Product { get; }

    /// <summary>What is done once for each step of B.</summary>
    protected virtual void AtEachStep()
    {
    }

    /// <summary>What is done with the sums before they meet C.</summary>
    protected virtual void Finish()
    {
    }

    /// <summary>Brings a sum to its place in C, or adds it to what is there.</summary>
    protected abstract void Settle(Register sum, int vector, MemoryOperand place, bool accumulate);

    /// <summary>Where a vector of B is kept; free for other uses in <see cref="Finish"/>.</summary>
    protected static Register OfB(int vector) => Vector(FirstB + vector);

    /// <summary>The sum of a row and a vector.</summary>
    protected Register Sum(int row, int vector) => Vector(row * Vectors + vector);

    /// <summary>The machine code.</summary>
    protected byte[] Tile()
    {
        Prologue([A, AStride, B, BStride, Ahead, Steps]);
        Products();
        Sums();
        return Encode();
    }

    /// <summary>Loads a field of the arguments that the loop did not need.</summary>
    protected void LoadField(int field, Register to) => Add(Instruction.Create(Code.Mov_r64_rm64, to, At(Arguments, 8 * (FieldsOfLoop + field))));

    private void Products()
    {
        Register element = Vector(FirstB + RowTile.MaxVectors);
        StrideMultiples(AStride, ThreeStrides, FiveStrides);
        for (int i = 0; i < Rows * Vectors; i++)
            Add(Zero(Vector(i)));
        Mark(Loop);
        for (int vector = 0; vector < Vectors; vector++)
            Add(LoadB(vector));
        AtEachStep();
        for (int row = 0; row < Rows; row++)
        {
            Add(Instruction.Create(BroadcastA, element, InRow(row, A, AStride, ThreeStrides, FiveStrides)));
            for (int vector = 0; vector < Vectors; vector++)
                Add(Instruction.Create(Product, Sum(row, vector), element, OfB(vector)));
        }
        Add(Instruction.Create(Code.Add_r64_rm64, B, BStride));
        Add(Instruction.Create(Code.Add_rm64_imm8, A, StepBytes));
        Add(Instruction.Create(Code.Dec_rm64, Steps));
        Add(Instruction.CreateBranch(Code.Jne_rel32_64, Loop));
    }

    private void Sums()
    {
        LoadField(0, C);
        LoadField(1, CStride);
        LoadField(2, Accumulate);
        Finish();
        Add(Instruction.Create(Code.Test_rm64_r64, Accumulate, Accumulate));
        Add(Instruction.CreateBranch(Code.Je_rel32_64, Overwrite));
        Store(accumulate: true);
        Mark(Overwrite);
        Store(accumulate: false);
    }

    private void Store(bool accumulate)
    {
        for (int row = 0; row < Rows; row++)
        {
            for (int vector = 0; vector < Vectors; vector++)
                Settle(Sum(row, vector), vector, At(C, vector * VectorBytes), accumulate);
            Add(Instruction.Create(Code.Add_r64_rm64, C, CStride));
        }
        Epilogue();
    }
}
