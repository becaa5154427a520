using System.Numerics.Tensors;
using Winnow.Caching.Spectral;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Spectral;

namespace Winnow.Caching.Storage;

/// <summary>
/// The middle of one lane: tokens in a row, of which some channels are stored token by token and the others as Fourier sums over all tokens. Keys and values
/// have channel sets of their own, each from none to all channels. Token t of the segment has transform index t, however long the text before it.
/// </summary>
internal sealed class SpectralSegment : IDisposable
{
    private const int MostTokens = 1 << 26;

    public SpectralSegment(SpectralBasis basis, int headDim, SpectralChannels keys, SpectralChannels values)
    {
        (Basis, HeadDim, Keys, Values) = (basis, headDim, keys, values);
    }

    /// <summary>Tokens.</summary>
    public int Length { get; private set; }

    /// <summary>Frequencies and period; another one after <see cref="Rebase"/>.</summary>
    public SpectralBasis Basis { get; private set; }

    public int HeadDim { get; }

    public SpectralChannels Keys { get; }

    public SpectralChannels Values { get; }

    /// <summary>Bytes of keys and values.</summary>
    public long Bytes => Keys.Bytes + Values.Bytes;

    public SpectralView View => new(Length, Keys.View, Values.View);

    /// <summary>Takes the tokens that a lane holds from a position on; their sums have been filled in.</summary>
    public void TakeKept(Lane lane, int first, int length, Span<float> vector)
    {
        Keys.Reserve(length);
        Values.Reserve(length);
        for (int slot = 0; slot < lane.Length; slot++)
        {
            int token = lane.Positions[slot] - first;
            if ((uint)token >= (uint)length)
                continue;
            lane.ReadKey(slot, vector);
            Keys.WriteKept(token, vector);
            lane.ReadValue(slot, vector);
            Values.WriteKept(token, vector);
        }

        Length = length;
    }

    /// <summary>Appends a token. Its transform index is the length before it is counted.</summary>
    /// <param name="key">[headDim].</param>
    /// <param name="value">[headDim].</param>
    /// <param name="work">[4k], overwritten.</param>
    /// <exception cref="InvalidOperationException">The period is full: further tokens would fall on the first ones.</exception>
    public void Append(ReadOnlySpan<float> key, ReadOnlySpan<float> value, Span<float> work)
    {
        if (Length >= Basis.Period)
            throw new InvalidOperationException($"the period of {Basis.Period} tokens is full; give the segment a longer one first");
        if (Length % SpectralBasis.Block == 0)
        {
            Keys.Reserve(Length + 1);
            Values.Reserve(Length + 1);
        }

        int width = 2 * Basis.Frequencies;
        Span<float> angles = work[..width], row = work.Slice(width, width);
        Basis.Row(Length, angles);
        Keys.WriteKept(Length, key);
        Keys.AddToStates(key, angles, row);
        Values.WriteKept(Length, value);
        Values.AddToStates(value, angles, row);
        Length++;
    }

    /// <summary>Rebuilds a token, as attention sees it. Slow: what fast evaluation is measured by.</summary>
    /// <param name="token">Index within the segment.</param>
    /// <param name="keys">The key, or else the value.</param>
    /// <param name="vector">[headDim].</param>
    public void Rebuild(int token, bool keys, Span<float> vector)
    {
        SpectralChannels channels = keys ? Keys : Values;
        float[] angles = new float[2 * Basis.Frequencies], row = new float[angles.Length];
        Basis.Row(token, angles);
        for (int i = 0; i < channels.Kept.Length; i++)
            vector[channels.Kept[i]] = channels.ReadKept(token, i);
        for (int i = 0; i < channels.Compressed.Length; i++)
        {
            channels.ReadState(i, row);
            vector[channels.Compressed[i]] = channels.Scales[i] * TensorPrimitives.Dot<float>(angles, row) + channels.Offsets[i];
        }
    }

    /// <summary>Fits scale and offset anew to the extremes of all tokens so far.</summary>
    /// <param name="leastSquares">Least squares, or else deviations.</param>
    public void Refit(bool leastSquares)
    {
        foreach (SpectralChannels channels in new[] { Keys, Values })
        {
            if (channels.Extremes is null || channels.Compressed.IsEmpty)
                continue;
            int count = channels.Compressed.Length, stride = Stride;
            using NativeBuffer<float> curves = Curves(channels, stride);
            Span<float> extremes = channels.Extremes.Span, packed = new float[2 * Basis.Frequencies];
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<float> curve = curves.Span.Slice(i * stride, Length);
                channels.ReadState(i, packed);
                // The products of series and curve add up to the squares of the sums, so the tokens themselves are not needed.
                AffineFit fit = leastSquares
                    ? AffineFit.OfLeastSquares(extremes[i] / Length, TensorPrimitives.SumOfSquares<float>(packed) / Length, curve)
                    : AffineFit.OfDeviation(extremes[i] / Length, extremes[count + i], extremes[2 * count + i], curve);
                (channels.Scales[i], channels.Offsets[i]) = fit;
            }
        }
    }

    /// <summary>Goes over to a longer period: the tokens are rebuilt with the old sums and summed up with the new frequencies.</summary>
    /// <param name="basis">The longer period.</param>
    /// <param name="leastSquares">Whether curves are fitted by least squares or by deviations.</param>
    public void Rebase(SpectralBasis basis, bool leastSquares)
    {
        foreach (SpectralChannels channels in new[] { Keys, Values })
        {
            int count = channels.Compressed.Length, stride = Stride, k = basis.Frequencies;
            if (count == 0 || Length == 0)
                continue;
            using NativeBuffer<float> series = Curves(channels, stride), curves = new(count * stride), states = new(count * basis.Width);
            for (int i = 0; i < count; i++)
            {
                Span<float> row = series.Span.Slice(i * stride, stride);
                TensorPrimitives.Multiply(row, channels.Scales[i], row);
                TensorPrimitives.Add(row, channels.Offsets[i], row);
                row[Length..].Clear();
            }

            SpectralTransform.Analyse(basis, series, count, stride, Length, states);
            SpectralTransform.Synthesise(basis, states, count, stride, Length, curves);
            Span<float> packed = new float[2 * k];
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<float> target = series.Span.Slice(i * stride, Length), curve = curves.Span.Slice(i * stride, Length);
                (channels.Scales[i], channels.Offsets[i]) = AffineFit.Of(target, curve, leastSquares);
                states.Span.Slice(i * basis.Width, k).CopyTo(packed);
                states.Span.Slice(i * basis.Width + basis.PaddedFrequencies, k).CopyTo(packed[k..]);
                channels.WriteState(i, packed);
            }
        }

        Basis = basis;
    }

    public SpectralSegment Clone() => new(Basis, HeadDim, Keys.Clone(), Values.Clone()) { Length = Length };

    public void Write(BinaryWriter writer)
    {
        writer.Write(HeadDim);
        writer.Write(Basis.Period);
        writer.Write(Length);
        Keys.Write(writer);
        Values.Write(writer);
    }

    /// <summary>Reads a segment.</summary>
    /// <exception cref="WinnowException">A size or an index cannot be.</exception>
    public static SpectralSegment Read(BinaryReader reader, SpectralForm form, Func<int, SpectralBasis> basisOf)
    {
        int headDim = reader.ReadInt32(), period = reader.ReadInt32(), length = reader.ReadInt32();
        if (headDim is < 1 or > 1024 || length is < 1 or > MostTokens || period < length || period > MostTokens)
            throw new WinnowException($"the exported sequence is broken: a spectral segment of {length} tokens, period {period}, {headDim} channels");
        SpectralChannels keys = ReadChannels(reader, headDim, length, form with { Keys = true });
        SpectralChannels values = ReadChannels(reader, headDim, length, form with { Keys = false });
        return new SpectralSegment(basisOf(period), headDim, keys, values) { Length = length };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Keys.Dispose();
        Values.Dispose();
    }

    private int Stride => KvLayout.PagesFor(Length) * SpectralBasis.Block;

    private static SpectralChannels ReadChannels(BinaryReader reader, int headDim, int length, SpectralForm form)
    {
        int[] kept = ReadList(reader, headDim), compressed = ReadList(reader, headDim);
        if (!kept.Concat(compressed).Order().SequenceEqual(Enumerable.Range(0, headDim)))
            throw new WinnowException($"the exported sequence is broken: kept and compressed channels are not the {headDim} channels of a head");
        long bytes = 2L * kept.Length * length + (form.HalfStates ? 4L : 8L) * form.Frequencies * compressed.Length;
        if (reader.BaseStream.CanSeek && reader.BaseStream.Length - reader.BaseStream.Position < bytes)
            throw new EndOfStreamException();
        SpectralChannels channels = new(kept, compressed, form);
        channels.Reserve(length);
        channels.Read(reader);
        return channels;
    }

    private static int[] ReadList(BinaryReader reader, int headDim)
    {
        int count = reader.ReadInt32();
        if (count < 0 || count > headDim)
            throw new WinnowException($"the exported sequence is broken: a list of {count} channels of {headDim}");
        int[] list = new int[count];
        for (int i = 0; i < count; i++)
            list[i] = reader.ReadInt32();
        return list;
    }

    /// <summary>Uncorrected curves of the compressed channels, [compressed, stride].</summary>
    private NativeBuffer<float> Curves(SpectralChannels channels, int stride)
    {
        int count = channels.Compressed.Length, k = Basis.Frequencies;
        using NativeBuffer<float> states = new(count * Basis.Width);
        Span<float> packed = new float[2 * k];
        for (int i = 0; i < count; i++)
        {
            channels.ReadState(i, packed);
            packed[..k].CopyTo(states.Span[(i * Basis.Width)..]);
            packed[k..].CopyTo(states.Span[(i * Basis.Width + Basis.PaddedFrequencies)..]);
        }

        NativeBuffer<float> curves = new(count * stride);
        SpectralTransform.Synthesise(Basis, states, count, stride, Length, curves);
        return curves;
    }
}
