using Winnow.Kernels.Threading;

namespace Winnow.Models;

/// <summary>Receives the logits of one row of a forward pass.</summary>
/// <param name="row">Row index within the pass.</param>
/// <param name="logits">[vocabulary]; valid only during the call, may be changed in place.</param>
public delegate void LogitsHandler(int row, Span<float> logits);

/// <summary>A decoder-only transformer: weights and the forward pass, without any memory of a text.</summary>
public abstract class DecoderModel : IDisposable
{
    /// <summary>Sizes and constants of the model.</summary>
    public abstract ModelConfig Config { get; }

    /// <summary>The threads that all passes of this model share; one pass runs at a time.</summary>
    public abstract ThreadTeam Team { get; }

    /// <summary>Attention shape of a layer.</summary>
    public abstract AttentionShape Attention(int layer);

    /// <summary>Runs tokens through all layers.</summary>
    /// <param name="tokens">Token ids, a row each; <see cref="SequenceAttention.PositionOf"/> tells where they stand.</param>
    /// <param name="attention">The cache of the sequence, or of the sequences.</param>
    /// <param name="firstLogitRow">Logits are computed for this row and all after it; <c>tokens.Length</c> for none.</param>
    /// <param name="handler">Called for each such row in order.</param>
    public abstract void Forward(ReadOnlySpan<int> tokens, SequenceAttention attention, int firstLogitRow, LogitsHandler handler);

    /// <inheritdoc/>
    public abstract void Dispose();
}
