using Winnow.Kernels.Assembled;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Linear.Formats;
using Winnow.Kernels.Threading;

namespace Winnow.Kernels.Linear;

/// <summary>One dispatch: the rows of up to three matrices, laid end to end and shared out in equal, contiguous parts.</summary>
internal unsafe struct LinearJob : ITeamJob
{
    /// <summary>From this many tokens on, unpacking into a panel costs less than unpacking for each token.</summary>
    public const int PanelTokens = 3;

    public LinearPart First;
    public LinearPart Second;
    public LinearPart Third;
    public LinearInputs Inputs;
    public ActivationMode Mode;
    public float* Scratch;
    public int ScratchStride;

    public readonly void Execute(int worker, int workers)
    {
        long panels = Panels(First) + Panels(Second) + Panels(Third);
        int from = (int)(panels * worker / workers), to = (int)(panels * (worker + 1) / workers);
        float* scratch = Scratch + (nint)worker * ScratchStride;
        Share(First, from, to, scratch);
        Share(Second, from - Panels(First), to - Panels(First), scratch);
        Share(Third, from - Panels(First) - Panels(Second), to - Panels(First) - Panels(Second), scratch);
    }

    /// <summary>Rows that are not parted: a panel of the kernel that will run.</summary>
    private readonly int PanelRows => Inputs.HasTiles ? WordTile.Rows : PanelTile.Rows;

    private readonly int Panels(in LinearPart part) => (part.Rows + PanelRows - 1) / PanelRows;

    /// <summary>Computes the panels of a matrix that lie in a share; the share may begin before it or end behind it.</summary>
    private readonly void Share(in LinearPart part, int from, int to, float* scratch)
    {
        int first = Math.Max(from, 0) * PanelRows, end = Math.Min(to * PanelRows, part.Rows);
        if (first >= end)
            return;
        if (Mode == ActivationMode.Float || TensorTypes.BlockLength(part.Type) == 1)
            FloatKernel.Multiply(part, Inputs, first, end, scratch);
        else if (part.Packed != null)
            PackedKernel.Multiply(part, Inputs, first, end, scratch);
        else
            Quantized(part, first, end, scratch);
    }

    private readonly void Quantized(in LinearPart part, int first, int end, float* scratch)
    {
        switch (part.Type)
        {
            case TensorType.Q4_0:
                Quantized<Q4_0Format>(part, first, end, scratch);
                break;
            case TensorType.Q4_1:
                Quantized<Q4_1Format>(part, first, end, scratch);
                break;
            case TensorType.Q5_0:
                Quantized<Q5_0Format>(part, first, end, scratch);
                break;
            case TensorType.Q5_1:
                Quantized<Q5_1Format>(part, first, end, scratch);
                break;
            case TensorType.Q8_0:
                Quantized<Q8_0Format>(part, first, end, scratch);
                break;
            case TensorType.Q2_K:
                Quantized<Q2_KFormat>(part, first, end, scratch);
                break;
            case TensorType.Q3_K:
                Quantized<Q3_KFormat>(part, first, end, scratch);
                break;
            case TensorType.Q4_K:
                Quantized<Q4_KFormat>(part, first, end, scratch);
                break;
            case TensorType.Q5_K:
                Quantized<Q5_KFormat>(part, first, end, scratch);
                break;
            case TensorType.Q6_K:
                Quantized<Q6_KFormat>(part, first, end, scratch);
                break;
            case TensorType.IQ4_NL:
                Quantized<IQ4_NLFormat>(part, first, end, scratch);
                break;
            default:
                throw new NotSupportedException($"no integer kernel for {part.Type}");
        }
    }

    private readonly void Quantized<TFormat>(in LinearPart part, int first, int end, float* scratch)
        where TFormat : struct, IBlockFormat
    {
        if (Inputs.Tokens < PanelTokens)
            QuantizedRowKernel<TFormat>.Multiply(part, Inputs, first, end, scratch);
        else if (Inputs.Words32 != null)
            WordPanelKernel<TFormat>.Multiply(part, Inputs, first, end, scratch);
        else
            QuantizedPanelKernel<TFormat>.Multiply(part, Inputs, first, end, scratch);
    }
}
