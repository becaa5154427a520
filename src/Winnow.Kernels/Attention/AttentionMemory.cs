using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Attention;

/// <summary>Working memory of one look at pages, by attention or by an observer: what it looks at and how the work is cut.</summary>
internal sealed unsafe class AttentionMemory : IDisposable
{
    private readonly NativeBuffer<LaneView> _lanes = new();
    private readonly NativeBuffer<AttentionInputs> _inputs = new();
    private readonly NativeBuffer<int> _before = new();
    private readonly NativeBuffer<int> _next = new(16);

    /// <summary>[1]: for a look that is not shared among workers.</summary>
    public AttentionScratch[] Alone { get; } = [new()];

    /// <summary>Number of the next piece of work.</summary>
    public int* Next => _next.Pointer;

    /// <summary>[lanes × channels]: where an observer's sums go.</summary>
    public NativeBuffer<nint> Sums { get; } = new();

    /// <summary>Checks a request and makes room for it.</summary>
    /// <param name="request">What is looked at.</param>
    /// <param name="queries">Its queries, pinned.</param>
    /// <param name="format">Layout of the pages.</param>
    /// <param name="integers">Whether prompts are multiplied as 16-bit integers.</param>
    /// <param name="scratches">Of each worker that takes part.</param>
    /// <returns>[sequences].</returns>
    /// <exception cref="ArgumentException">The request contradicts itself.</exception>
    public AttentionInputs* Prepare(in AttentionRequest request, float* queries, PageFormat format, bool integers, AttentionScratch[] scratches)
    {
        Require(request, format);
        _lanes.EnsureLength(request.Lanes.Length);
        request.Lanes.CopyTo(_lanes.Span);
        _inputs.EnsureLength(request.Sequences);
        for (int sequence = 0; sequence < request.Sequences; sequence++)
            _inputs.Pointer[sequence] = new AttentionInputs(request, format, sequence, _lanes.Pointer, queries);
        int rows = Math.Max(AttentionInputs.TileRows, request.GroupSize);
        bool halves = HasLongLane(request.Lanes);
        foreach (AttentionScratch scratch in scratches)
            scratch.Ensure(format, rows, request.GroupSize, integers, halves);
        *Next = 0;
        return _inputs.Pointer;
    }

    /// <summary>Counts the pieces before each lane.</summary>
    /// <param name="lanes">The lanes.</param>
    /// <param name="pagesPerItem">Pages of one piece; an empty lane is a piece as well.</param>
    /// <returns>[lanes + 1].</returns>
    public int* CountItems(ReadOnlySpan<LaneView> lanes, int pagesPerItem)
    {
        _before.EnsureLength(lanes.Length + 1);
        int* before = _before.Pointer;
        before[0] = 0;
        for (int lane = 0; lane < lanes.Length; lane++)
            before[lane + 1] = before[lane] + Math.Max(1, (int)((lanes[lane].PageCount + (long)pagesPerItem - 1) / pagesPerItem));
        return before;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Alone[0].Dispose();
        _lanes.Dispose();
        _inputs.Dispose();
        _before.Dispose();
        _next.Dispose();
        Sums.Dispose();
    }

    private static void Require(in AttentionRequest request, PageFormat format)
    {
        if (request.Sequences == 0 || request.Lanes.Length == 0 || request.Lanes.Length % request.Sequences != 0 || request.QueryHeads % request.KvHeads != 0)
        {
            throw new ArgumentException(
                $"{request.Sequences} sequences of {request.QueryHeads} query heads cannot share {request.Lanes.Length} lanes evenly", nameof(request));
        }

        if (request.Queries.Length < request.Sequences * request.Tokens * request.QueryHeads * format.HeadDim)
            throw new ArgumentException($"{request.Queries.Length} floats are too few for {request.Tokens} tokens of queries", nameof(request));
        foreach (LaneView lane in request.Lanes)
        {
            if (lane.Ranks is not null && request.Rotation is null)
                throw new ArgumentException("a lane stores unrotated keys, but the request has no rotation", nameof(request));
            if (lane.Ranks is not null)
                request.Rotation!.EnsureRanks(lane.Length);
        }
    }

    /// <summary>Whether a lane is so long that the product for its halves is worth assembling; on one page it would save a small part of that time.</summary>
    private static bool HasLongLane(ReadOnlySpan<LaneView> lanes)
    {
        foreach (LaneView lane in lanes)
        {
            if (lane.Length > PageFormat.Entries)
                return true;
        }

        return false;
    }
}
