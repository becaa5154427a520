using Winnow.Kernels.Linear;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Threading;

namespace Winnow.Models.Blocks;

/// <summary>
/// What the blocks of one pass share: threads, scratch, and activations in native memory that grow to the largest chunk seen and are then reused,
/// so that a decoded token allocates nothing.
/// </summary>
internal sealed class ForwardPass(ModelConfig config, ThreadTeam team, ActivationMode mode) : IDisposable
{
    /// <summary>Rows of the LM head's output held at once: bounds the memory of long scored texts with large vocabularies.</summary>
    public const int LogitRows = 16;

    private readonly NativeBuffer<float> _hidden = new();
    private readonly NativeBuffer<float> _normed = new();
    private readonly NativeBuffer<float> _branch = new();
    private readonly NativeBuffer<float> _queries = new();
    private readonly NativeBuffer<float> _keys = new();
    private readonly NativeBuffer<float> _values = new();
    private readonly NativeBuffer<float> _attended = new();
    private readonly NativeBuffer<float> _gate = new();
    private readonly NativeBuffer<float> _up = new();
    private readonly NativeBuffer<float> _logits = new();
    private SequenceAttention? _attention;

    public ModelConfig Config => config;

    public ThreadTeam Team => team;

    public LinearWorkspace Workspace { get; } = new();

    public ActivationMode Mode => mode;

    /// <summary>Rows of the pass.</summary>
    public int Tokens { get; private set; }

    /// <summary>The cache of the sequence, or of the sequences.</summary>
    public SequenceAttention Attention => _attention ?? throw new InvalidOperationException("no pass is running");

    /// <summary>The highest true position of a row.</summary>
    public int LastPosition
    {
        get
        {
            int last = 0;
            for (int row = 0; row < Tokens; row++)
                last = Math.Max(last, Attention.PositionOf(row));
            return last;
        }
    }

    /// <summary>Residual stream, [tokens, width].</summary>
    public Span<float> Hidden => _hidden.Span[..(Tokens * config.Width)];

    /// <summary>Normalised input of a block, [tokens, width].</summary>
    public Span<float> Normed => _normed.Span[..(Tokens * config.Width)];

    /// <summary>Output of a block before it joins the residual stream, [tokens, width].</summary>
    public Span<float> Branch => _branch.Span[..(Tokens * config.Width)];

    /// <summary>[tokens, queryHeads, headDim].</summary>
    public Span<float> Queries => _queries.Span[..(Tokens * config.QueryHeads * config.HeadDim)];

    /// <summary>[tokens, kvHeads, headDim].</summary>
    public Span<float> Keys => _keys.Span[..(Tokens * config.KvHeads * config.HeadDim)];

    /// <summary>[tokens, kvHeads, headDim].</summary>
    public Span<float> Values => _values.Span[..(Tokens * config.KvHeads * config.HeadDim)];

    /// <summary>Output of attention, [tokens, queryHeads, headDim].</summary>
    public Span<float> Attended => _attended.Span[..(Tokens * config.QueryHeads * config.HeadDim)];

    /// <summary>Inner activations of the feed-forward block, [tokens, feedForwardWidth].</summary>
    public Span<float> Gate => _gate.Span[..(Tokens * config.FeedForwardWidth)];

    /// <summary>Second factor of a gated feed-forward block, [tokens, feedForwardWidth].</summary>
    public Span<float> Up => _up.Span[..(Tokens * config.FeedForwardWidth)];

    /// <summary>Logits of a block of rows, [<see cref="LogitRows"/>, vocabulary].</summary>
    public Span<float> Logits => _logits.Span;

    /// <summary>Starts a pass over so many rows.</summary>
    public void Begin(SequenceAttention attention, int tokens)
    {
        _attention = attention;
        Tokens = tokens;
        _hidden.EnsureLength(checked(tokens * config.Width));
        _normed.EnsureLength(tokens * config.Width);
        _branch.EnsureLength(tokens * config.Width);
        _queries.EnsureLength(checked(tokens * config.QueryHeads * config.HeadDim));
        _keys.EnsureLength(tokens * config.KvHeads * config.HeadDim);
        _values.EnsureLength(tokens * config.KvHeads * config.HeadDim);
        _attended.EnsureLength(tokens * config.QueryHeads * config.HeadDim);
        _gate.EnsureLength(checked(tokens * config.FeedForwardWidth));
        _up.EnsureLength(tokens * config.FeedForwardWidth);
    }

    /// <summary>Makes room for the logits of so many rows.</summary>
    public void EnsureLogits(int rows) => _logits.EnsureLength(checked(rows * config.VocabularySize));

    /// <summary>Forgets the cache, so that a finished text can be collected.</summary>
    public void End() => _attention = null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer<float> buffer in (NativeBuffer<float>[])
                 [_hidden, _normed, _branch, _queries, _keys, _values, _attended, _gate, _up, _logits])
            buffer.Dispose();
        Workspace.Dispose();
    }
}
