using System.Runtime.Intrinsics;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Simd;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Attention;

/// <summary>
/// Softmax attention over lists of pages: grouped query heads share each load of a key, lanes have their own lengths, nothing is gathered into a copy,
/// and no attention matrix is materialised. One instance attends once at a time; what looks at pages, <see cref="AddColumnSums(in AttentionRequest, in
/// ColumnObservation, ReadOnlySpan{NativeBuffer{float}}, int)"/> and <see cref="Logits(in AttentionRequest, int, Span{float})"/>, may be called inside a job
/// of the team, by all of its workers at the same time.
/// </summary>
public sealed unsafe class PagedAttention : IDisposable
{
    /// <summary>Queries up to which the pages of a lane are split between workers: a prompt has tiles enough to share out, a single token has not.</summary>
    private const int SplitUpToTokens = 16;

    private const int PagesPerRun = 4;

    /// <summary>Kept logits up to which sharing out the observer's work costs more than doing it.</summary>
    private const int InlineLogits = 16 * 1024;

    private readonly ThreadTeam _team;
    private readonly AttentionScratch[] _scratch;
    private readonly AttentionMemory _attending = new();
    private readonly Stack<AttentionMemory> _looking;
    private readonly NativeBuffer<float> _logits = new();
    private readonly NativeBuffer<int> _open = new();
    private readonly NativeBuffer<float> _partials = new();
    private readonly NativeBuffer<float> _logSumExp = new();
    private KeptLogits _kept;

    /// <summary>Prepares attention over pages of one format.</summary>
    public PagedAttention(ThreadTeam team, PageFormat format)
    {
        _team = team;
        Format = format;
        _scratch = new AttentionScratch[team.Size];
        // One for each worker that may look on its own, all made here: a decoded token must not allocate.
        _looking = new Stack<AttentionMemory>(team.Size);
        for (int i = 0; i < team.Size; i++)
        {
            _scratch[i] = new AttentionScratch();
            _looking.Push(new AttentionMemory());
        }
    }

    /// <summary>Layout of the pages.</summary>
    public PageFormat Format { get; }

    /// <summary>
    /// Whether prompts are multiplied as 16-bit integers where the processor is faster at it, which costs about as much as storing halves does. Entries of 32
    /// bits are always multiplied as floats.
    /// </summary>
    public bool Integers { get; init; }

    /// <summary>Threads that share the work.</summary>
    public ThreadTeam Team => _team;

    /// <summary>
    /// Natural logarithm of the sum of exponentials of each query's logits in the last <see cref="Attend(in AttentionRequest, Span{float})"/>,
    /// [sequences, tokens, queryHeads]; −∞ for a query that saw no entry.
    /// </summary>
    public Span<float> LogSumExp => _logSumExp.Span;

    /// <summary>Computes the attention output.</summary>
    /// <param name="request">Queries and lanes.</param>
    /// <param name="output">[sequences, tokens, queryHeads, headDim]. A query that sees no entry gets zeros.</param>
    /// <exception cref="ArgumentException">The request's sizes do not fit together.</exception>
    public void Attend(in AttentionRequest request, Span<float> output)
    {
        if (Vector512.IsHardwareAccelerated)
            Attend<FloatVector512>(request, output);
        else if (Vector256.IsHardwareAccelerated)
            Attend<FloatVector256>(request, output);
        else if (Vector128.IsHardwareAccelerated)
            Attend<FloatVector128>(request, output);
        else
            Attend<FloatVectorScalar>(request, output);
    }

    /// <summary>
    /// Adds to each entry what it received in the last <see cref="Attend(in AttentionRequest, Span{float})"/>: attention probabilities, reduced over the query
    /// tokens as the observation says.
    /// </summary>
    /// <param name="request">The same request again, or the part of it that is one sequence's.</param>
    /// <param name="observation">What is kept of the probabilities.</param>
    /// <param name="sums">[lanes × channels]: for each lane and channel a buffer with an element for each entry.</param>
    /// <param name="sequence">Which sequence of that request this one is about.</param>
    public void AddColumnSums(in AttentionRequest request, in ColumnObservation observation, ReadOnlySpan<NativeBuffer<float>> sums, int sequence = 0)
    {
        if (Vector512.IsHardwareAccelerated)
            AddColumnSums<FloatVector512>(request, observation, sums, sequence);
        else if (Vector256.IsHardwareAccelerated)
            AddColumnSums<FloatVector256>(request, observation, sums, sequence);
        else if (Vector128.IsHardwareAccelerated)
            AddColumnSums<FloatVector128>(request, observation, sums, sequence);
        else
            AddColumnSums<FloatVectorScalar>(request, observation, sums, sequence);
    }

    /// <summary>
    /// Attention logits of the request's queries on one lane, with every cap, bias and mask applied: what a policy ranks entries by. Runs on the
    /// calling thread.
    /// </summary>
    /// <param name="request">Queries and lanes; the queries may be older than the newest entries.</param>
    /// <param name="lane">Index of the lane.</param>
    /// <param name="logits">[tokens × group, lane length], heads within tokens; −∞ where a query does not see an entry.</param>
    public void Logits(in AttentionRequest request, int lane, Span<float> logits)
    {
        if (Vector512.IsHardwareAccelerated)
            Logits<FloatVector512>(request, lane, logits);
        else if (Vector256.IsHardwareAccelerated)
            Logits<FloatVector256>(request, lane, logits);
        else if (Vector128.IsHardwareAccelerated)
            Logits<FloatVector128>(request, lane, logits);
        else
            Logits<FloatVectorScalar>(request, lane, logits);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (AttentionScratch scratch in _scratch)
            scratch.Dispose();
        _attending.Dispose();
        foreach (AttentionMemory memory in _looking)
            memory.Dispose();
        _logits.Dispose();
        _open.Dispose();
        _partials.Dispose();
        _logSumExp.Dispose();
    }

    internal void Attend<TVector>(in AttentionRequest request, Span<float> output)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        int rows = checked(request.Sequences * request.Tokens * request.QueryHeads);
        if (output.Length < rows * Format.HeadDim)
            throw new ArgumentException($"{output.Length} floats are too few for {rows} × {Format.HeadDim} outputs", nameof(output));
        fixed (float* queries = request.Queries, target = output)
        {
            AttentionInputs* inputs = _attending.Prepare(request, queries, Format, Integers, _scratch);
            int pagesPerRun = request.Tokens <= SplitUpToTokens ? PagesPerRun : 1 << 24, lanes = request.Lanes.Length;
            int* runsBefore = _attending.CountItems(request.Lanes, pagesPerRun);
            _partials.EnsureLength(checked(runsBefore[lanes] * request.Tokens * request.GroupSize * AttentionJob<TVector>.PartialStride(Format)));
            _logSumExp.EnsureLength(rows);
            _open.EnsureLength(lanes);
            for (int lane = 0; lane < lanes; lane++)
                _open.Pointer[lane] = (runsBefore[lane + 1] - runsBefore[lane]) * inputs->Tiles;
            _kept = Keep(request, runsBefore, pagesPerRun);
            AttentionSchedule schedule = new(lanes, pagesPerRun, runsBefore, _attending.Next, _open.Pointer);
            AttentionJob<TVector> job = new(inputs, Format, request.Rotation, _scratch, schedule, _kept, _partials.Pointer, target, _logSumExp.Pointer);
            _team.Run(ref job);
        }
    }

    internal void AddColumnSums<TVector>(
        in AttentionRequest request, in ColumnObservation observation, ReadOnlySpan<NativeBuffer<float>> sums, int sequence = 0)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        RequireOne(request);
        int channels = observation.Channels(request.GroupSize);
        if (sums.Length < request.Lanes.Length * channels)
            throw new ArgumentException($"{sums.Length} buffers are too few for {request.Lanes.Length} lanes of {channels} channels", nameof(sums));
        using Look look = new(_looking);
        AttentionMemory memory = look.Memory;
        memory.Sums.EnsureLength(request.Lanes.Length * channels);
        for (int i = 0; i < request.Lanes.Length * channels; i++)
        {
            LaneView lane = request.Lanes[i / channels];
            if (sums[i].Length < lane.Length)
                throw new ArgumentException($"lane {i / channels} has {lane.Length} entries but room for {sums[i].Length} sums", nameof(sums));
            if (_kept.Any && !_kept.Covers((sequence * request.Lanes.Length) + (i / channels), lane.PageCount))
                throw new ArgumentException($"lane {i / channels} has {lane.Length} entries, more than when it was attended", nameof(request));
            memory.Sums.Pointer[i] = (nint)sums[i].Pointer;
        }

        int* pagesBefore = memory.CountItems(request.Lanes, 1);
        int logits = pagesBefore[request.Lanes.Length] * request.Tokens * request.GroupSize * PageFormat.Entries;
        bool alone = _team.IsRunning || (_kept.Any && logits <= InlineLogits);
        AttentionScratch[] scratch = alone ? memory.Alone : _scratch;
        fixed (float* queries = request.Queries)
        {
            AttentionInputs* inputs = memory.Prepare(request, queries, Format, Integers, scratch);
            float* logSumExp = _logSumExp.Pointer + (long)sequence * request.Tokens * request.QueryHeads;
            ColumnSumJob<TVector> job = new(
                *inputs, Format, request.Rotation, scratch, observation, _kept, sequence * request.Lanes.Length, logSumExp, pagesBefore, memory.Next,
                memory.Sums.Pointer);
            if (alone)
                job.Execute(0, 1);
            else
                _team.Run(ref job);
        }
    }

    internal void Logits<TVector>(in AttentionRequest request, int lane, Span<float> logits)
        where TVector : unmanaged, IFloatVector<TVector>
    {
        RequireOne(request);
        int length = request.Lanes[lane].Length;
        if (logits.Length < (long)request.Tokens * request.GroupSize * length)
            throw new ArgumentException(
                $"{logits.Length} floats are too few for {request.Tokens} × {request.GroupSize} rows of {length} logits", nameof(logits));
        using Look look = new(_looking);
        fixed (float* queries = request.Queries)
        {
            AttentionScratch own = look.Memory.Alone[0];
            AttentionInputs inputs = *look.Memory.Prepare(request, queries, Format, Integers, look.Memory.Alone);
            for (int tile = 0; tile < inputs.Tiles; tile++)
            {
                ScoreTile scores = new(inputs, Format, request.Rotation, lane, tile);
                scores.CopyQueries<TVector>(own);
                for (int page = 0; page < request.Lanes[lane].PageCount; page++)
                {
                    int first = scores.Compute<TVector>(page, ahead: 0, own);
                    int entries = request.Lanes[lane].EntriesOf(page);
                    for (int row = 0; row < scores.Rows; row++)
                    {
                        int at = (tile * inputs.TokensPerTile * inputs.Group + row) * length + page * PageFormat.Entries;
                        Span<float> target = logits.Slice(at, entries);
                        if (row < first)
                            target.Fill(float.NegativeInfinity);
                        else
                            new ReadOnlySpan<float>(own.Scores + row * PageFormat.Entries, entries).CopyTo(target);
                    }
                }
            }
        }
    }

    private static void RequireOne(in AttentionRequest request)
    {
        if (request.Sequences != 1)
            throw new ArgumentException($"one sequence at a time is looked at, not {request.Sequences}", nameof(request));
    }

    private KeptLogits Keep(in AttentionRequest request, int* runsBefore, int pagesPerRun)
    {
        if (!request.Observed || request.Tokens > SplitUpToTokens)
            return default;
        int rows = request.Tokens * request.GroupSize;
        _logits.EnsureLength(checked(runsBefore[request.Lanes.Length] * pagesPerRun * rows * PageFormat.Entries));
        return new KeptLogits(_logits.Pointer, runsBefore, pagesPerRun, rows);
    }

    /// <summary>Memory taken from those that lie ready, until it is disposed.</summary>
    private readonly ref struct Look : IDisposable
    {
        private readonly Stack<AttentionMemory> _ready;

        public Look(Stack<AttentionMemory> ready)
        {
            _ready = ready;
            lock (ready)
                Memory = ready.Pop();
        }

        public AttentionMemory Memory { get; }

        public void Dispose()
        {
            lock (_ready)
                _ready.Push(Memory);
        }
    }
}
