using Winnow.Kernels.Threading;
using Winnow.Models.Blocks;

namespace Winnow.Models;

/// <summary>The forward pass that all families share: embed, run the layers, evaluate the head for the rows asked for.</summary>
internal sealed class TransformerModel(
    TokenEmbedding embedding,
    DecoderLayer[] layers,
    LanguageHead head,
    RotaryTables rotary,
    ForwardPass pass,
    IReadOnlyList<IDisposable> owned) : DecoderModel
{
    private readonly Lock _gate = new();
    private bool _disposed;

    public override ModelConfig Config => pass.Config;

    public override ThreadTeam Team => pass.Team;

    public override AttentionShape Attention(int layer) => layers[layer].Attention.Shape;

    public override void Forward(ReadOnlySpan<int> tokens, SequenceAttention attention, int firstLogitRow, LogitsHandler handler)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstLogitRow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstLogitRow, tokens.Length);
        if (tokens.IsEmpty)
            return;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            pass.Begin(attention, tokens.Length);
            try
            {
                rotary.EnsurePositions(checked(pass.LastPosition + 1));
                embedding.Apply(pass, tokens);
                for (int layer = 0; layer < layers.Length; layer++)
                    layers[layer].Apply(pass, layer);
                head.Apply(pass, firstLogitRow, handler);
            }
            finally
            {
                pass.End();
            }
        }
    }

    public override void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            pass.Dispose();
            foreach (IDisposable memory in owned)
                memory.Dispose();
        }
    }
}
