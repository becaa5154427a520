using Iced.Intel;
using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Assembled;

/// <summary>What the tile products that unpack their weights in registers have in common: where <see cref="PackedTile"/> puts what they read.</summary>
internal abstract class PackedWeightsAssembler(int tokens, TensorType type) : TileAssembler(tokens, PackedTile.Columns, PackedTile.HasMinimum(type))
{
    /// <summary>Type of the weights.</summary>
    protected TensorType Type { get; } = type;

    /// <inheritdoc/>
    protected override int RecordBytes => PackedTile.RecordBytes(Type);

    /// <inheritdoc/>
    protected override int ScaleOffset => PackedTile.ScaleOffset(Type);

    /// <inheritdoc/>
    protected override int ScaleBytes => sizeof(ushort) * WordTile.Rows;

    /// <inheritdoc/>
    protected override void LoadScales(Register to, int offset) =>
        Add(Instruction.Create(Code.EVEX_Vcvtph2ps_zmm_k1z_ymmm256_sae, to, At(Weights, offset)));

    /// <summary>Puts the same 32 bits into all lanes.</summary>
    protected void Fill(Register vector, uint lane)
    {
        Add(Instruction.Create(Code.Mov_r32_imm32, Register.EAX, lane));
        Add(Instruction.Create(Code.EVEX_Vpbroadcastd_zmm_k1z_r32, vector, Register.EAX));
    }

    /// <summary>A vector of a record: bytes or nibbles of 16 rows.</summary>
    protected static MemoryOperand Stored(int vector, int half) => At(Weights, (2 * vector + half) * VectorBytes);

    /// <summary>The fifth bits of 16 rows.</summary>
    protected MemoryOperand FifthBits(int half) => At(Weights, PackedTile.MainBytes(Type) + half * VectorBytes);
}
