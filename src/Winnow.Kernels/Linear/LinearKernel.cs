using Winnow.Kernels.Assembled;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Linear;

/// <summary>Products of stored weight matrices with rows of float inputs: y[t, r] = Σ_c w[r, c] · x[t, c].</summary>
public static unsafe class LinearKernel
{
    /// <summary>Below this many inputs, sharing out their rounding costs more than doing it.</summary>
    private const int InlineQuantizeValues = 2048;

    /// <summary>Multiplies every input row with one matrix.</summary>
    /// <param name="team">Threads that share the rows of the matrix.</param>
    /// <param name="workspace">Scratch, not used by another call at the same time.</param>
    /// <param name="weight">[rows, columns].</param>
    /// <param name="x">[tokens, columns], row-major.</param>
    /// <param name="tokens">Number of input rows; 1 while decoding.</param>
    /// <param name="y">[tokens, rows], row-major.</param>
    /// <param name="mode">Arithmetic.</param>
    /// <param name="yStride">Floats from one output row to the next; 0 means <see cref="WeightMatrix.Rows"/>.</param>
    /// <exception cref="ArgumentException">A span is too short, or the stride is shorter than a row.</exception>
    public static void Multiply(
        ThreadTeam team,
        LinearWorkspace workspace,
        WeightMatrix weight,
        ReadOnlySpan<float> x,
        int tokens,
        Span<float> y,
        ActivationMode mode,
        int yStride = 0)
    {
        fixed (float* pinnedX = x, pinnedY = y)
        {
            LinearJob job = default;
            job.Inputs = Describe(weight, x.Length, tokens, pinnedX);
            job.First = Describe(weight, weight, tokens, y.Length, yStride, pinnedY, nameof(y));
            Run(team, workspace, ref job, mode);
        }
        GC.KeepAlive(weight);
    }

    /// <summary>
    /// Multiplies every input row with two or three matrices of equal width in one dispatch (query, key and value; gate and up), so that the inputs
    /// are quantised once and the team meets once.
    /// </summary>
    /// <param name="team">Threads that share the rows of the matrices.</param>
    /// <param name="workspace">Scratch, not used by another call at the same time.</param>
    /// <param name="w0">First matrix.</param>
    /// <param name="w1">Second matrix, as wide as the first.</param>
    /// <param name="w2">Third matrix, as wide as the first, or null.</param>
    /// <param name="x">[tokens, columns], row-major.</param>
    /// <param name="tokens">Number of input rows.</param>
    /// <param name="y0">[tokens, rows of <paramref name="w0"/>].</param>
    /// <param name="y1">[tokens, rows of <paramref name="w1"/>].</param>
    /// <param name="y2">[tokens, rows of <paramref name="w2"/>]; empty without a third matrix.</param>
    /// <param name="mode">Arithmetic.</param>
    /// <exception cref="ArgumentException">A span is too short, or the matrices differ in width.</exception>
    public static void Multiply(
        ThreadTeam team,
        LinearWorkspace workspace,
        WeightMatrix w0,
        WeightMatrix w1,
        WeightMatrix? w2,
        ReadOnlySpan<float> x,
        int tokens,
        Span<float> y0,
        Span<float> y1,
        Span<float> y2,
        ActivationMode mode)
    {
        fixed (float* pinnedX = x, pinned0 = y0, pinned1 = y1, pinned2 = y2)
        {
            LinearJob job = default;
            job.Inputs = Describe(w0, x.Length, tokens, pinnedX);
            job.First = Describe(w0, w0, tokens, y0.Length, 0, pinned0, nameof(y0));
            job.Second = Describe(w1, w0, tokens, y1.Length, 0, pinned1, nameof(y1));
            if (w2 is not null)
                job.Third = Describe(w2, w0, tokens, y2.Length, 0, pinned2, nameof(y2));
            Run(team, workspace, ref job, mode);
        }
        GC.KeepAlive(w0);
        GC.KeepAlive(w1);
        GC.KeepAlive(w2);
    }

    private static void Run(ThreadTeam team, LinearWorkspace workspace, ref LinearJob job, ActivationMode mode)
    {
        if (job.Inputs.Tokens == 0)
            return;
        job.Mode = mode;
        job.Scratch = workspace.ReserveScratch(team.Size, job.Inputs.Columns, out job.ScratchStride);
        if (mode != ActivationMode.Float)
            Quantize(team, workspace, ref job);
        team.Run(ref job);
    }

    /// <summary>Rounds the inputs into the forms that the kernels of the matrices read.</summary>
    private static void Quantize(ThreadTeam team, LinearWorkspace workspace, ref LinearJob job)
    {
        bool several = job.Inputs.Tokens >= LinearJob.PanelTokens, panels = several && AssembledKernels.IsSupported;
        bool packed = job.First.Packed != null || job.Second.Packed != null || job.Third.Packed != null;
        // An absent matrix has no type of blocks, as floats.
        int group = Math.Min(UnpackedGroup(job.First), Math.Min(UnpackedGroup(job.Second), UnpackedGroup(job.Third)));
        bool stored = group < int.MaxValue;
        bool byBytes = packed && several && job.Mode == ActivationMode.QuantizedByte;
        if (byBytes)
        {
            workspace.ReserveBytes(ref job.Inputs);
            var bytes = new TokenTiles<ByteQuantizer>(new(job.Inputs), job.Inputs.Tokens, job.Inputs.Columns);
            Run(team, job.Inputs, ref bytes);
        }
        if ((packed && !byBytes) || (stored && panels))
        {
            workspace.ReserveWords(ref job.Inputs, by16: group == 16 && panels);
            var words = new TokenTiles<WordQuantizer>(new(job.Inputs), job.Inputs.Tokens, job.Inputs.Columns);
            Run(team, job.Inputs, ref words);
        }
        if (stored && !panels)
        {
            workspace.ReserveInputs(ref job.Inputs, by16: group == 16);
            var pairs = new InputQuantizer(job.Inputs);
            // Shared by tokens, so a single one is no reason to meet.
            if (job.Inputs.Tokens == 1)
                pairs.Execute(0, 1);
            else
                Run(team, job.Inputs, ref pairs);
        }
    }

    private static void Run<TJob>(ThreadTeam team, in LinearInputs inputs, ref TJob job)
        where TJob : struct, ITeamJob
    {
        if ((long)inputs.Tokens * inputs.Columns < InlineQuantizeValues)
            job.Execute(0, 1);
        else
            team.Run(ref job);
    }

    /// <summary>Values that share a scale in weights that are read as stored; "any" for floats and for packed weights.</summary>
    private static int UnpackedGroup(in LinearPart part) => part.Type switch
    {
        _ when part.Packed != null => int.MaxValue,
        TensorType.F32 or TensorType.F16 or TensorType.BF16 => int.MaxValue,
        TensorType.Q2_K or TensorType.Q3_K or TensorType.Q6_K => 16,
        _ => 32,
    };

    private static LinearInputs Describe(WeightMatrix weight, int length, int tokens, float* x)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        if (length < (long)tokens * weight.Columns)
            throw new ArgumentException($"{tokens} tokens of {weight.Columns} inputs need {(long)tokens * weight.Columns} values, not {length}", nameof(x));
        return new LinearInputs { Tokens = tokens, Columns = weight.Columns, X = x };
    }

    private static LinearPart Describe(WeightMatrix weight, WeightMatrix first, int tokens, int length, int stride, float* y, string name)
    {
        if (weight.Columns != first.Columns)
            throw new ArgumentException($"matrices of one product are {first.Columns} and {weight.Columns} wide; they must share their inputs");
        stride = stride == 0 ? weight.Rows : stride;
        if (stride < weight.Rows)
            throw new ArgumentException($"a stride of {stride} is shorter than a row of {weight.Rows} outputs");
        if (tokens > 0 && length < (tokens - 1) * (long)stride + weight.Rows)
            throw new ArgumentException($"{tokens} tokens of {weight.Rows} outputs do not fit in {length} values with a stride of {stride}", name);
        return new LinearPart
        {
            Type = weight.Type,
            Weight = weight.Data.Pointer,
            Packed = weight.PackedRows,
            RowBytes = weight.RowBytes,
            Rows = weight.Rows,
            Y = y,
            YStride = stride,
        };
    }
}
