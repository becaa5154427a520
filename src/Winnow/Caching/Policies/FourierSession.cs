using System.Runtime.InteropServices;
using Winnow.Caching.Spectral;
using Winnow.Caching.Storage;
using Winnow.Kernels.Spectral;

namespace Winnow.Caching.Policies;

/// <summary><see cref="Fourier"/> at work on one sequence.</summary>
internal sealed class FourierSession(Fourier.Options options) : CacheSession, IDisposable
{
    /// <summary>With fewer entries there is no window to speak of.</summary>
    private const int LeastEntries = 64;

    private const long MostTableFloats = 1 << 27;
    private readonly List<SpectralSegment[]?> _layers = [];
    private readonly List<SpectralBasis> _bases = [];
    private SpectralPlan? _plan;
    private SpectralAttention? _attention;
    private SpectralView[] _views = [];
    private SpectrumWork? _work;
    private float[] _vector = [];
    private float[] _value = [];
    private float[] _angles = [];

    public override long SegmentBytes => Sum(channels => channels.Bytes);

    public override long StateBytes => Sum(channels => channels.ListBytes) + _bases.Sum(basis => basis.Bytes);

    /// <summary>Window, frequencies and share; null while nothing has been compressed.</summary>
    public SpectralPlan? Plan => _plan;

    public override void BeforeAttention(LayerCache layer) => Advance(layer);

    public override void AfterChunk(LayerCache layer, bool last)
    {
        if (last)
            Advance(layer);
    }

    public override void AfterPrompt(IReadOnlyList<LayerCache> layers)
    {
        _work?.Dispose();
        _work = null;
    }

    public override void AttendSegments(LayerCache layer, ReadOnlySpan<float> queries, int tokens, Span<float> output, ReadOnlySpan<float> logSumExp)
    {
        if (SegmentsOf(layer) is not { } segments)
            return;
        if (_views.Length == 0)
            _views = new SpectralView[segments.Length];
        for (int head = 0; head < segments.Length; head++)
            _views[head] = segments[head].View;
        _attention ??= new SpectralAttention(layer.Team);
        SpectralRequest request = new()
        {
            Lanes = _views,
            Basis = segments[0].Basis,
            Queries = queries,
            Tokens = tokens,
            QueryHeads = layer.Shape.QueryHeads,
            HeadDim = layer.Shape.HeadDim,
            Scale = layer.Shape.Scale,
            SoftCap = layer.Shape.LogitSoftCap,
        };
        _attention.Join(request, output, logSumExp);
    }

    public override CacheSession Fork()
    {
        FourierSession fork = new(options) { _plan = _plan };
        // Tables never change, so both sides use the same; the last to be collected gives them back.
        fork._bases.AddRange(_bases);
        fork._layers.AddRange(_layers.Select(layer => layer?.Select(segment => segment.Clone()).ToArray()));
        return fork;
    }

    public override void Save(BinaryWriter writer)
    {
        writer.Write(_plan.HasValue);
        if (_plan is not { } plan)
            return;
        writer.Write(plan.Init);
        writer.Write(plan.Local);
        writer.Write(plan.Frequencies);
        writer.Write(plan.Share);
        writer.Write(options.States == Fourier.StateType.F16);
        writer.Write(options.Refit > 0);
        writer.Write(_layers.Count);
        foreach (SpectralSegment[]? layer in _layers)
        {
            writer.Write(layer?.Length ?? 0);
            foreach (SpectralSegment segment in layer ?? [])
                segment.Write(writer);
        }
    }

    public override void Load(BinaryReader reader)
    {
        if (!reader.ReadBoolean())
            return;
        SpectralPlan plan = new(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadDouble());
        bool half = reader.ReadBoolean(), refits = reader.ReadBoolean();
        int layers = reader.ReadInt32();
        if (plan.Init < 0 || plan.Local < 1 || plan.Frequencies is < 1 or > 1 << 14 || layers is < 1 or > 4096)
        {
            throw new WinnowException(
                $"the exported sequence is broken: {plan.Init} first and {plan.Local} newest tokens, {plan.Frequencies} frequencies, {layers} layers");
        }

        if (half != (options.States == Fourier.StateType.F16) || refits != options.Refit > 0)
        {
            throw new WinnowException(
                "the exported sequence was made with other 'states' or 'refit' of cache policy 'fourier'; import it with the same options");
        }

        _plan = plan;
        for (int layer = 0; layer < layers; layer++)
        {
            int heads = reader.ReadInt32();
            if (heads is < 0 or > 4096)
                throw new WinnowException($"the exported sequence is broken: a layer of {heads} spectral segments");
            SpectralSegment[] segments = new SpectralSegment[heads];
            for (int head = 0; head < heads; head++)
                segments[head] = SpectralSegment.Read(reader, Form(keys: false), BasisOf);
            _layers.Add(heads == 0 ? null : segments);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SpectralSegment segment in _layers.SelectMany(layer => layer ?? []))
            segment.Dispose();
        _layers.Clear();
        _attention?.Dispose();
        _work?.Dispose();
    }

    private SpectralForm Form(bool keys) => new(keys, _plan!.Value.Frequencies, options.States == Fourier.StateType.F16, options.Refit > 0);

    private SpectralSegment[]? SegmentsOf(LayerCache layer)
    {
        SpectralSegment[]? segments = layer.Layer < _layers.Count ? _layers[layer.Layer] : null;
        if (segments is not null && (segments.Length != layer.KvHeads || segments[0].HeadDim != layer.Shape.HeadDim))
        {
            throw new WinnowException(
                $"the exported sequence is broken: layer {layer.Layer} has {segments.Length} spectral segments for {layer.KvHeads} KV heads");
        }

        return segments;
    }

    private void Advance(LayerCache layer)
    {
        if (SegmentsOf(layer) is { } segments)
            Slide(layer, segments);
        else if (layer[0].Length > LeastEntries)
            Compress(layer);
    }

    private void Compress(LayerCache layer)
    {
        int length = layer[0].Length, budget = layer.Resolve(options.Keep, layer.PromptLength, LeastEntries);
        if (length <= budget)
            return;
        SpectralPlan plan = _plan ?? SpectralPlan.Solve(new SpectralPlan.Request(
            length, budget, layer.Shape.HeadDim, layer.EntryBytes, options.States == Fourier.StateType.F16 ? 2 : 4, options.Init, options.Window, options.Local,
            options.Frequencies, MeanQuota(layer.Layers)));
        if (!plan.Pays(length))
            return;
        _plan = plan;
        int middle = length - plan.Window;
        int room = (int)Math.Min((long)length + options.MaxTokens, layer.ContextLength) - plan.Window;
        SpectralBasis basis = BasisOf(Math.Max(middle + 1, room));
        SpectralSegment[] segments = new FourierChannels(options, plan, _work ??= new SpectrumWork()).Build(layer, middle, basis, Form);
        while (_layers.Count < layer.Layers)
            _layers.Add(null);
        _layers[layer.Layer] = segments;
        KeepWindow(layer, plan.Init, middle);
    }

    private double? MeanQuota(int layers) => options.Quotas is { } quotas
        ? Enumerable.Range(0, layers).Average(layer => (quotas(layer, layers).Keys + quotas(layer, layers).Values) / 2)
        : null;

    /// <summary>Drops the pages' copy of the middle.</summary>
    private static void KeepWindow(LayerCache layer, int init, int middle)
    {
        List<int> slots = [];
        for (int head = 0; head < layer.KvHeads; head++)
        {
            slots.Clear();
            for (int slot = 0; slot < layer[head].Length; slot++)
            {
                if ((uint)(layer[head].Positions[slot] - init) >= (uint)middle)
                    slots.Add(slot);
            }

            layer[head].Keep(CollectionsMarshal.AsSpan(slots));
        }
    }

    /// <summary>Moves the oldest tokens of the window into the middle until the window has its size.</summary>
    private void Slide(LayerCache layer, SpectralSegment[] segments)
    {
        SpectralPlan plan = _plan!.Value;
        EnsureRows(layer.Shape.HeadDim, 4 * plan.Frequencies);
        while (layer[0].Length > plan.Window)
        {
            if (segments[0].Length == segments[0].Basis.Period)
                Rebase(segments);
            int position = plan.Init + segments[0].Length;
            for (int head = 0; head < segments.Length; head++)
            {
                Lane lane = layer[head];
                int slot = lane.Positions.IndexOf(position);
                lane.ReadKey(slot, _vector);
                lane.ReadValue(slot, _value);
                segments[head].Append(_vector, _value, _angles);
                lane.Remove(slot);
            }

            if (options.Refit > 0 && segments[0].Length % options.Refit == 0)
            {
                foreach (SpectralSegment segment in segments)
                    segment.Refit(options.LeastSquares);
            }
        }
    }

    private void Rebase(SpectralSegment[] segments)
    {
        int period = segments[0].Basis.Period;
        SpectralBasis basis = BasisOf(period + Math.Max(options.MaxTokens, period / 4));
        foreach (SpectralSegment segment in segments)
            segment.Rebase(basis, options.LeastSquares);
        // A table that no layer uses any more is given back with the last fork that does.
        _bases.RemoveAll(each => _layers.All(layer => layer is null || layer[0].Basis != each));
    }

    private SpectralBasis BasisOf(int period)
    {
        int frequencies = _plan!.Value.Frequencies;
        SpectralBasis? basis = _bases.Find(each => each.Period == period);
        if (basis is not null)
            return basis;
        if (2L * period + (period / 64 + 256L) * 2 * frequencies > MostTableFloats)
            throw new WinnowException($"{frequencies} frequencies over a period of {period} tokens need too large tables; use a smaller k");
        basis = new SpectralBasis(period, frequencies);
        _bases.Add(basis);
        return basis;
    }

    private void EnsureRows(int headDim, int angles)
    {
        if (_vector.Length == headDim && _angles.Length == angles)
            return;
        (_vector, _value, _angles) = (new float[headDim], new float[headDim], new float[angles]);
    }

    private long Sum(Func<SpectralChannels, long> bytes) =>
        _layers.Sum(layer => layer?.Sum(segment => bytes(segment.Keys) + bytes(segment.Values)) ?? 0);
}
