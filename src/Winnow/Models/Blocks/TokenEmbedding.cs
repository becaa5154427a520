using System.Numerics.Tensors;
using Winnow.Kernels.Linear;

namespace Winnow.Models.Blocks;

/// <summary>Looks up token rows, decoding them from their stored format, and adds learned positions where the family has them (OPT).</summary>
/// <param name="tokens">[vocabulary, width].</param>
/// <param name="scale">Factor on a token's row.</param>
/// <param name="positions">[positions, width], or null.</param>
/// <param name="positionOffset">Rows before that of position 0.</param>
internal sealed class TokenEmbedding(WeightMatrix tokens, float scale, WeightMatrix? positions = null, int positionOffset = 0)
{
    /// <summary>The matrix, which tied models use again as LM head.</summary>
    public WeightMatrix Tokens => tokens;

    /// <summary>Writes the residual stream of a new pass.</summary>
    /// <exception cref="WinnowException">An id is outside the vocabulary, or a position has no learned row.</exception>
    public void Apply(ForwardPass pass, ReadOnlySpan<int> ids)
    {
        int width = pass.Config.Width;
        if (positions is not null && pass.LastPosition >= positions.Rows - positionOffset)
        {
            throw new WinnowException(
                $"position {pass.LastPosition} lies past the {positions.Rows - positionOffset} learned positions of the model; shorten the text");
        }
        for (int row = 0; row < ids.Length; row++)
        {
            if ((uint)ids[row] >= (uint)tokens.Rows)
                throw new WinnowException($"token id {ids[row]} is outside the vocabulary of {tokens.Rows}; use the model's own tokenizer");
            Span<float> hidden = pass.Hidden.Slice(row * width, width);
            tokens.DequantizeRow(ids[row], hidden);
            if (scale != 1)
                TensorPrimitives.Multiply(hidden, scale, hidden);
            if (positions is null)
                continue;
            Span<float> position = pass.Branch[..width];
            positions.DequantizeRow(pass.Attention.PositionOf(row) + positionOffset, position);
            TensorPrimitives.Add(hidden, position, hidden);
        }
    }
}
