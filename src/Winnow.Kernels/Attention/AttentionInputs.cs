using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
namespace Winnow.Kernels.Attention;

/// <summary>
/// One sequence's part of a request with spans pinned to pointers, so that worker threads can share it, and the geometry derived from it.
/// </summary>
internal readonly unsafe struct AttentionInputs
{
    /// <summary>Query rows (tokens × group) of one tile.</summary>
    public const int TileRows = 128;

    /// <summary>The part of one sequence.</summary>
    /// <param name="request">The request.</param>
    /// <param name="format">Layout of the pages.</param>
    /// <param name="sequence">Index of the sequence.</param>
    /// <param name="lanes">The request's lanes.</param>
    /// <param name="queries">The request's queries.</param>
    public AttentionInputs(in AttentionRequest request, PageFormat format, int sequence, LaneView* lanes, float* queries)
    {
        LaneCount = request.KvHeads;
        Lanes = lanes + sequence * LaneCount;
        FirstRow = sequence * request.Tokens;
        Queries = queries + (long)FirstRow * request.QueryHeads * format.HeadDim;
        Tokens = request.Tokens;
        QueryHeads = request.QueryHeads;
        Group = request.GroupSize;
        HeadDim = format.HeadDim;
        FirstPosition = request.FirstPositions[sequence];
        Scale = request.Scale;
        SoftCap = request.SoftCap;
        Window = request.Window;
        TokensPerTile = Math.Max(1, TileRows / Group);
    }

    public LaneView* Lanes { get; }

    public float* Queries { get; }

    public int LaneCount { get; }

    public int Tokens { get; }

    /// <summary>Rows of the request's tokens before those of this sequence.</summary>
    public int FirstRow { get; }

    public int QueryHeads { get; }

    public int Group { get; }

    public int HeadDim { get; }

    public int FirstPosition { get; }

    public float Scale { get; }

    public float SoftCap { get; }

    public int Window { get; }

    public int TokensPerTile { get; }

    public int Tiles => (Tokens + TokensPerTile - 1) / TokensPerTile;

    public int TokensOf(int tile) => Math.Min(TokensPerTile, Tokens - tile * TokensPerTile);

    /// <summary>
    /// Copies the query rows of a tile, token by token and head by head within the group, scaled, and turned by rank where the lane asks for it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyQueries(RankRotation? rotation, int lane, int tile, float* destination)
    {
        int first = tile * TokensPerTile, count = TokensOf(tile);
        for (int token = first; token < first + count; token++)
        {
            float* source = Queries + ((long)token * QueryHeads + (long)lane * Group) * HeadDim;
            TensorPrimitives.Multiply(new ReadOnlySpan<float>(source, Group * HeadDim), Scale, new Span<float>(destination, Group * HeadDim));
            if (Lanes[lane].Ranks is not null)
            {
                // A query's rank is that of its own entry: the newest entries of the lane belong to this request's tokens.
                for (int head = 0; head < Group; head++)
                    rotation!.TurnQuery(destination + head * HeadDim, Lanes[lane].Length - Tokens + token);
            }

            destination += Group * HeadDim;
        }
    }
}
