using Winnow.Caching;
using Winnow.Models;

namespace Winnow;

/// <summary>
/// One step of several sequences with one pass over the weights. Keeps what it needs from step to step, so that a step allocates nothing; the sequences may be
/// others each time.
/// </summary>
internal sealed class SequenceBatch
{
    private readonly LanguageModel _owner;
    private readonly BatchedAttention _attention = new();
    private readonly LogitsHandler _keepLogits;
    private Sequence[] _rows = [];
    private int[] _tokens = [];
    private int[] _groups = [];

    public SequenceBatch(LanguageModel owner)
    {
        _owner = owner;
        _keepLogits = (row, logits) => logits.CopyTo(_rows[row].Logits);
    }

    /// <summary>Adds one token to each sequence; see <see cref="LanguageModel.DecodeBatch"/>.</summary>
    public void Decode(ReadOnlySpan<Sequence> sequences, ReadOnlySpan<int> tokens)
    {
        Validate(sequences, tokens);
        if (_rows.Length < sequences.Length)
            (_rows, _tokens, _groups) = (new Sequence[sequences.Length], new int[sequences.Length], new int[sequences.Length]);
        try
        {
            Arrange(sequences, tokens);
            Step(_rows.AsSpan(0, sequences.Length), _tokens.AsSpan(0, sequences.Length));
        }
        finally
        {
            Array.Clear(_rows);
            _attention.Clear();
        }
    }

    /// <summary>Runs the pass; sequences of one group are neighbours.</summary>
    private void Step(ReadOnlySpan<Sequence> rows, ReadOnlySpan<int> tokens)
    {
        try
        {
            for (int row = 0; row < rows.Length; row++)
                rows[row].BeginPass(tokens.Slice(row, 1), CachePhase.Step);
            _owner.Model.Forward(tokens, _attention, 0, _keepLogits);
            foreach (Sequence sequence in rows)
                sequence.CompletePass();
        }
        catch
        {
            foreach (Sequence sequence in rows)
                sequence.AbandonPass();
            throw;
        }
    }

    private void Arrange(ReadOnlySpan<Sequence> sequences, ReadOnlySpan<int> tokens)
    {
        for (int i = 0; i < sequences.Length; i++)
            _groups[i] = _attention.Add(sequences[i].Attention);
        for (int group = 0, row = 0; group < _attention.Groups; group++)
        {
            for (int i = 0; i < sequences.Length; i++)
            {
                if (_groups[i] == group)
                    (_rows[row], _tokens[row++]) = (sequences[i], tokens[i]);
            }
        }
    }

    private void Validate(ReadOnlySpan<Sequence> sequences, ReadOnlySpan<int> tokens)
    {
        if (sequences.IsEmpty)
            throw new ArgumentException("a batch needs at least one sequence", nameof(sequences));
        if (sequences.Length != tokens.Length)
            throw new ArgumentException($"{sequences.Length} sequences need as many tokens, not {tokens.Length}", nameof(tokens));
        for (int i = 0; i < sequences.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(sequences[i], nameof(sequences));
            if (!sequences[i].BelongsTo(_owner))
                throw new ArgumentException($"sequence {i} of the batch belongs to another model", nameof(sequences));
            for (int earlier = 0; earlier < i; earlier++)
            {
                if (ReferenceEquals(sequences[earlier], sequences[i]))
                    throw new ArgumentException($"sequences {earlier} and {i} of the batch are the same; fork it to go on in two ways", nameof(sequences));
            }
        }

        for (int i = 0; i < sequences.Length; i++)
            Require(sequences[i], i, tokens.Slice(i, 1));
    }

    private static void Require(Sequence sequence, int index, ReadOnlySpan<int> token)
    {
        try
        {
            sequence.RequireStep(token);
        }
        catch (WinnowException refusal)
        {
            throw new WinnowException($"sequence {index} of the batch cannot go on: {refusal.Message}");
        }
        catch (ObjectDisposedException)
        {
            throw new ObjectDisposedException($"sequence {index} of the batch");
        }
    }
}
