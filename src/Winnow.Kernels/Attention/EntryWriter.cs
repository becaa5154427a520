using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Attention;

/// <summary>Rotates the queries and keys of new tokens and stores their entries: the step before attention, shared out over tokens.</summary>
public sealed unsafe class EntryWriter(ThreadTeam team, PageFormat format) : IDisposable
{
    private readonly NativeBuffer<LaneView> _lanes = new();

    /// <summary>Fills the newest entries of each lane; their pages must exist and belong to the caller alone.</summary>
    /// <param name="lanes">One lane for each KV head, already extended by <paramref name="tokens"/>.</param>
    /// <param name="queries">[tokens, queryHeads, headDim]; rotated in place.</param>
    /// <param name="keys">[tokens, kvHeads, headDim]; rotated in place.</param>
    /// <param name="values">[tokens, kvHeads, headDim].</param>
    /// <param name="tokens">New tokens.</param>
    /// <param name="firstPosition">True position of the first.</param>
    /// <param name="rotary">Angles that reach the last position; null to store keys unrotated.</param>
    /// <param name="style">Which channels form a pair.</param>
    public void Write(
        ReadOnlySpan<LaneView> lanes, Span<float> queries, Span<float> keys, ReadOnlySpan<float> values, int tokens, int firstPosition,
        RotaryTable? rotary, RotaryStyle style)
    {
        int width = lanes.Length * format.HeadDim;
        if (tokens < 1 || keys.Length < tokens * width || values.Length < tokens * width || queries.Length % tokens != 0)
            throw new ArgumentException($"{queries.Length}, {keys.Length} and {values.Length} floats are not {tokens} tokens of {lanes.Length} KV heads");
        _lanes.EnsureLength(lanes.Length);
        lanes.CopyTo(_lanes.Span);
        fixed (float* q = queries, k = keys, v = values)
        {
            Job job = new(format, _lanes.Pointer, lanes.Length, q, queries.Length / tokens, k, v, tokens, firstPosition, rotary, style);
            // One token is less work than waking the team.
            if (tokens == 1)
                job.Execute(0, 1);
            else
                team.Run(ref job);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lanes.Dispose();

    private readonly struct Job(
        PageFormat format, LaneView* lanes, int laneCount, float* queries, int queryWidth, float* keys, float* values, int tokens, int firstPosition,
        RotaryTable? rotary, RotaryStyle style) : ITeamJob
    {
        public void Execute(int worker, int workers)
        {
            int dim = format.HeadDim, width = laneCount * dim;
            int end = (int)((long)tokens * (worker + 1) / workers);
            for (int token = (int)((long)tokens * worker / workers); token < end; token++)
            {
                Span<float> key = new(keys + (long)token * width, width);
                ReadOnlySpan<float> value = new(values + (long)token * width, width);
                if (rotary is not null)
                {
                    Rotary.Apply(rotary, style, new Span<float>(queries + (long)token * queryWidth, queryWidth), dim, firstPosition + token);
                    Rotary.Apply(rotary, style, key, dim, firstPosition + token);
                }

                for (int lane = 0; lane < laneCount; lane++)
                {
                    int entry = lanes[lane].Length - tokens + token;
                    lanes[lane].Pages[entry / PageFormat.Entries]
                        .Write(format, entry % PageFormat.Entries, key.Slice(lane * dim, dim), value.Slice(lane * dim, dim));
                }
            }
        }
    }
}
