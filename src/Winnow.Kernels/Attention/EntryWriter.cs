using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Attention;

/// <summary>
/// Rotates the queries and keys of new tokens and stores their entries: the step before attention, shared out over tokens, of one sequence or of several.
/// </summary>
public sealed unsafe class EntryWriter(ThreadTeam team, PageFormat format) : IDisposable
{
    private readonly NativeBuffer<LaneView> _lanes = new();

    /// <summary>Fills the newest entries of each lane; their pages must exist and belong to the caller alone.</summary>
    /// <param name="lanes">[sequences, kvHeads]: one lane for each KV head, already extended by <paramref name="tokens"/>.</param>
    /// <param name="queries">[sequences, tokens, queryHeads, headDim]; rotated in place.</param>
    /// <param name="keys">[sequences, tokens, kvHeads, headDim]; rotated in place.</param>
    /// <param name="values">[sequences, tokens, kvHeads, headDim].</param>
    /// <param name="tokens">New tokens of each sequence.</param>
    /// <param name="firstPositions">[sequences]: true position of the first of them.</param>
    /// <param name="rotary">Angles that reach the last position; null to store keys unrotated.</param>
    /// <param name="style">Which channels form a pair.</param>
    public void Write(
        ReadOnlySpan<LaneView> lanes, Span<float> queries, Span<float> keys, ReadOnlySpan<float> values, int tokens, ReadOnlySpan<int> firstPositions,
        RotaryTable? rotary, RotaryStyle style)
    {
        int rows = tokens * firstPositions.Length;
        if (rows < 1 || lanes.Length % firstPositions.Length != 0)
            throw new ArgumentException($"{lanes.Length} lanes are not those of {firstPositions.Length} sequences of {tokens} new tokens", nameof(lanes));
        int kvHeads = lanes.Length / firstPositions.Length, floats = rows * kvHeads * format.HeadDim;
        if (keys.Length < floats || values.Length < floats || queries.Length % rows != 0)
            throw new ArgumentException($"{queries.Length}, {keys.Length} and {values.Length} floats are not {rows} tokens of {kvHeads} KV heads");
        _lanes.EnsureLength(lanes.Length);
        lanes.CopyTo(_lanes.Span);
        fixed (float* q = queries, k = keys, v = values)
        fixed (int* positions = firstPositions)
        {
            Job job = new(format, _lanes.Pointer, kvHeads, q, queries.Length / rows, k, v, rows, tokens, positions, rotary, style);
            // One token is less work than waking the team.
            if (rows == 1)
                job.Execute(0, 1);
            else
                team.Run(ref job);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lanes.Dispose();

    private readonly struct Job(
        PageFormat format, LaneView* lanes, int kvHeads, float* queries, int queryWidth, float* keys, float* values, int rows, int tokens,
        int* firstPositions, RotaryTable? rotary, RotaryStyle style) : ITeamJob
    {
        public void Execute(int worker, int workers)
        {
            int dim = format.HeadDim, width = kvHeads * dim;
            int end = (int)((long)rows * (worker + 1) / workers);
            for (int row = (int)((long)rows * worker / workers); row < end; row++)
            {
                (int sequence, int token) = (row / tokens, row % tokens);
                Span<float> key = new(keys + (long)row * width, width);
                ReadOnlySpan<float> value = new(values + (long)row * width, width);
                if (rotary is not null)
                {
                    int position = firstPositions[sequence] + token;
                    Rotary.Apply(rotary, style, new Span<float>(queries + (long)row * queryWidth, queryWidth), dim, position);
                    Rotary.Apply(rotary, style, key, dim, position);
                }

                for (int head = 0; head < kvHeads; head++)
                {
                    LaneView lane = lanes[sequence * kvHeads + head];
                    int entry = lane.Length - tokens + token;
                    lane.Pages[entry / PageFormat.Entries]
                        .Write(format, entry % PageFormat.Entries, key.Slice(head * dim, dim), value.Slice(head * dim, dim));
                }
            }
        }
    }
}
