using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Assembled;

/// <summary>Writes the machine code of tile products with packed weights, for one form of the inputs.</summary>
internal interface IPackedTileAssembler
{
    /// <summary>Assembles the product for tiles of <paramref name="tokens"/> tokens and weights of a type.</summary>
    static abstract byte[] Assemble(int tokens, TensorType type);
}
