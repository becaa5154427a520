using Winnow.Formats;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Linear;
using Winnow.Kernels.Memory;

namespace Winnow.Models.Weights;

/// <summary>Hands out a checkpoint's tensors under GGUF names, with their shapes checked, and owns what had to be copied.</summary>
internal sealed class WeightSource
{
    private readonly Checkpoint _checkpoint;
    private readonly TensorNames? _names;
    private readonly string _prefix = "";

    /// <summary>Wraps a checkpoint.</summary>
    /// <param name="checkpoint">Must outlive every matrix taken from it.</param>
    /// <param name="names">Names of the family's published checkpoints; null for GGUF.</param>
    public WeightSource(Checkpoint checkpoint, TensorNames? names)
    {
        _checkpoint = checkpoint;
        _names = names;
        if (names is null)
            return;
        // Wrappers (a head on top, a vision tower beside) nest the decoder under a prefix: the embedding tells which.
        string embedding = names.Embedding + ".weight";
        string? found = checkpoint.Tensors.Keys.FirstOrDefault(key => key == embedding || key.EndsWith("." + embedding, StringComparison.Ordinal));
        if (found is not null)
            _prefix = found[..^embedding.Length];
    }

    /// <summary>Whether tensors follow the conventions of GGUF.</summary>
    public bool IsGguf => _names is null;

    /// <summary>Memory of rows that had to be gathered or packed; the model disposes it.</summary>
    public List<IDisposable> Owned { get; } = [];

    /// <summary>Matrices that inputs are multiplied with.</summary>
    private List<WeightMatrix> Factors { get; } = [];

    /// <summary>Rows of the embedding.</summary>
    public int EmbeddingRows
    {
        get
        {
            TensorInfo tensor = Get("token_embd.weight");
            return tensor.Shape.Count == 2 && tensor.Shape[0] is > 0 and <= int.MaxValue
                ? (int)tensor.Shape[0]
                : throw Misshaped(tensor, "a matrix of [vocabulary, width]");
        }
    }

    /// <summary>Whether the checkpoint has the tensor.</summary>
    public bool Has(string name) => TryGet(name, out _);

    /// <summary>A weight matrix over the checkpoint's own memory.</summary>
    /// <exception cref="WinnowException">The tensor is missing or has another shape.</exception>
    public WeightMatrix Matrix(string name, int rows, int columns)
    {
        TensorInfo tensor = Get(name);
        if (tensor.Shape.Count != 2 || tensor.Shape[0] != rows || tensor.Shape[1] != columns)
            throw Misshaped(tensor, $"[{rows}, {columns}]");
        CheckBlocks(tensor, columns);
        return new WeightMatrix(tensor.Type, rows, columns, tensor.Data);
    }

    /// <summary>A weight matrix that inputs will be multiplied with.</summary>
    /// <exception cref="WinnowException">The tensor is missing or has another shape.</exception>
    public WeightMatrix Factor(string name, int rows, int columns) => Factor(Matrix(name, rows, columns));

    /// <summary>Notes that inputs will be multiplied with a matrix.</summary>
    public WeightMatrix Factor(WeightMatrix matrix)
    {
        Factors.Add(matrix);
        return matrix;
    }

    /// <summary>Packs all factors for the fastest product that the machine has.</summary>
    /// <param name="threads">How many are packed at the same time.</param>
    public void PackFactors(int threads)
    {
        WeightMatrix[] factors = [.. Factors.Where(static factor => factor.IsPackable)];
        if (factors.Length == 0)
            return;
        IDisposable?[] packed = new IDisposable?[factors.Length];
        Parallel.For(0, packed.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i => packed[i] = factors[i].Pack());
        Owned.AddRange(packed.OfType<IDisposable>());
        if (Array.Exists(packed, static memory => memory is not null))
            _checkpoint.ReleasePages();
    }

    /// <summary>Runs of rows gathered into one matrix, for tensors that interleave several weights.</summary>
    /// <param name="name">GGUF name.</param>
    /// <param name="rows">Rows of the stored matrix.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="firstRows">First row of each run.</param>
    /// <param name="runLength">Rows of each run.</param>
    public WeightMatrix GatherRows(string name, int rows, int columns, IReadOnlyList<int> firstRows, int runLength)
    {
        WeightMatrix stored = Matrix(name, rows, columns);
        long rowBytes = TensorTypes.RowBytes(stored.Type, columns);
        int runBytes = checked((int)(rowBytes * runLength));
        NativeBuffer<byte> gathered = new(checked(runBytes * firstRows.Count));
        Owned.Add(gathered);
        for (int run = 0; run < firstRows.Count; run++)
            stored.Data.AsSpan(firstRows[run] * rowBytes, runBytes).CopyTo(gathered.Span[(run * runBytes)..]);
        return Factor(new WeightMatrix(stored.Type, firstRows.Count * runLength, columns, gathered.Bytes));
    }

    /// <summary>A vector as floats, whatever its storage type.</summary>
    /// <exception cref="WinnowException">The tensor is missing or has another length.</exception>
    public float[] Vector(string name, int length)
    {
        TensorInfo tensor = Get(name);
        if (tensor.Shape.Count != 1 || tensor.Shape[0] != length)
            throw Misshaped(tensor, $"[{length}]");
        CheckBlocks(tensor, length);
        float[] values = new float[length];
        new WeightMatrix(tensor.Type, 1, length, tensor.Data).DequantizeRow(0, values);
        return values;
    }

    /// <summary>A vector, or null when the checkpoint has none of that name.</summary>
    public float[]? VectorOrNull(string name, int length) => Has(name) ? Vector(name, length) : null;

    private TensorInfo Get(string name)
    {
        if (TryGet(name, out TensorInfo? tensor))
            return tensor!;
        return _checkpoint.Get(_names?.Map(name) is { } published ? _prefix + published : name);
    }

    private bool TryGet(string name, out TensorInfo? tensor)
    {
        tensor = null;
        if (_names is null)
            return _checkpoint.TryGet(name, out tensor);
        return _names.Map(name) is { } published
            && (_checkpoint.TryGet(_prefix + published, out tensor) || _checkpoint.TryGet(published, out tensor) || TryUnderWrapper(published, out tensor));
    }

    /// <summary>A head beside the decoder: under the prefix without its last part, as in <c>language_model.lm_head.weight</c>.</summary>
    private bool TryUnderWrapper(string published, out TensorInfo? tensor)
    {
        tensor = null;
        int dot = _prefix.TrimEnd('.').LastIndexOf('.');
        return dot > 0 && _checkpoint.TryGet(_prefix[..(dot + 1)] + published, out tensor);
    }

    private void CheckBlocks(TensorInfo tensor, int columns)
    {
        if (!TensorTypes.IsSupported(tensor.Type))
            throw new WinnowException($"{_checkpoint.Path}: tensor '{tensor.Name}' has type {tensor.Type}, which is not supported; convert the model again");
        int block = TensorTypes.BlockLength(tensor.Type);
        if (columns % block != 0)
            throw Misshaped(tensor, $"rows of whole {tensor.Type} blocks of {block} values");
    }

    private WinnowException Misshaped(TensorInfo tensor, string wanted) =>
        new($"{_checkpoint.Path}: tensor '{tensor.Name}' has shape [{string.Join(", ", tensor.Shape)}] where {wanted} is needed; "
            + "the file is broken or does not belong to its configuration");
}
