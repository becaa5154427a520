using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Winnow.Kernels.Memory;
using Winnow.Kernels.Spectral;

namespace Winnow.Caching.Storage;

/// <summary>
/// The keys or the values of one spectral segment. Kept channels are 16-bit floats of each token, in blocks of 64 tokens ([kept][64] for keys, [64][kept] for
/// values); a compressed channel is 2k sums, a scale and an offset, however many tokens there are.
/// </summary>
internal sealed class SpectralChannels : IDisposable
{
    /// <summary>Kernels read whole vectors, so they may read this far over an end.</summary>
    private const int Slack = 16;

    private readonly bool _byChannel;
    private readonly NativeBuffer<int> _kept;
    private readonly NativeBuffer<int> _compressed;
    private readonly NativeBuffer<ushort> _entries = new(Slack);
    private readonly NativeBuffer<float>? _states;
    private readonly NativeBuffer<ushort>? _halfStates;
    private readonly NativeBuffer<float> _scales;
    private readonly NativeBuffer<float> _offsets;

    /// <summary>Makes room.</summary>
    /// <param name="kept">Channels stored token by token, ascending.</param>
    /// <param name="compressed">Channels stored as sums, ascending.</param>
    /// <param name="form">Keys or values, frequencies, and how sums are stored.</param>
    public SpectralChannels(ReadOnlySpan<int> kept, ReadOnlySpan<int> compressed, SpectralForm form)
    {
        (Form, _byChannel) = (form, form.Keys);
        (_kept, _compressed) = (Copy(kept), Copy(compressed));
        int states = compressed.IsEmpty ? 0 : compressed.Length * 2 * form.Frequencies + Slack;
        if (form.HalfStates)
            _halfStates = new NativeBuffer<ushort>(states);
        else
            _states = new NativeBuffer<float>(states);
        (_scales, _offsets) = (new NativeBuffer<float>(compressed.Length), new NativeBuffer<float>(compressed.Length));
        Extremes = form.Refits ? new NativeBuffer<float>(3 * compressed.Length) : null;
    }

    public SpectralForm Form { get; }

    public ReadOnlySpan<int> Kept => _kept.Span;

    public ReadOnlySpan<int> Compressed => _compressed.Span;

    public Span<float> Scales => _scales.Span;

    public Span<float> Offsets => _offsets.Span;

    /// <summary>[3, compressed]: sum, minimum and maximum of all tokens seen, where the fit is renewed; null otherwise.</summary>
    public NativeBuffer<float>? Extremes { get; }

    /// <summary>Bytes of what attention reads of the channels.</summary>
    public long Bytes => _entries.ByteLength + (_states?.ByteLength ?? 0) + (_halfStates?.ByteLength ?? 0) + _scales.ByteLength + _offsets.ByteLength;

    /// <summary>Bytes of channel lists and running extremes.</summary>
    public long ListBytes => _kept.ByteLength + _compressed.ByteLength + (Extremes?.ByteLength ?? 0);

    public SpectralChannelView View => new(_kept, _compressed, _entries, _states, _halfStates, _scales, _offsets);

    /// <summary>Sets the exact room for tokens: whole blocks of 64.</summary>
    public void Reserve(int tokens) => _entries.Resize(checked(KvLayout.PagesFor(tokens) * SpectralBasis.Block * _kept.Length + Slack));

    /// <summary>Stores the kept channels of a token.</summary>
    public void WriteKept(int token, ReadOnlySpan<float> vector)
    {
        int count = _kept.Length, slot = token % SpectralBasis.Block;
        Span<ushort> block = _entries.Span.Slice(token / SpectralBasis.Block * SpectralBasis.Block * count, SpectralBasis.Block * count);
        for (int i = 0; i < count; i++)
            block[_byChannel ? i * SpectralBasis.Block + slot : slot * count + i] = BitConverter.HalfToUInt16Bits((Half)vector[_kept.Span[i]]);
    }

    /// <summary>Reads a kept channel of a token.</summary>
    public float ReadKept(int token, int index)
    {
        int count = _kept.Length, slot = token % SpectralBasis.Block;
        int at = (token / SpectralBasis.Block * SpectralBasis.Block * count) + (_byChannel ? index * SpectralBasis.Block + slot : slot * count + index);
        return (float)BitConverter.UInt16BitsToHalf(_entries.Span[at]);
    }

    /// <summary>Adds a token to the sums of the compressed channels.</summary>
    /// <param name="vector">[headDim].</param>
    /// <param name="angles">[2k] cosines and sines of the token.</param>
    /// <param name="work">[2k], overwritten.</param>
    public void AddToStates(ReadOnlySpan<float> vector, ReadOnlySpan<float> angles, Span<float> work)
    {
        for (int i = 0; i < _compressed.Length; i++)
        {
            float value = vector[_compressed.Span[i]];
            if (_states is not null)
            {
                Span<float> row = _states.Span.Slice(i * angles.Length, angles.Length);
                TensorPrimitives.MultiplyAdd(angles, value, row, row);
            }
            else
            {
                ReadState(i, work);
                TensorPrimitives.MultiplyAdd(angles, value, work, work);
                WriteState(i, work);
            }

            if (Extremes is not null)
                Note(i, value);
        }
    }

    /// <summary>Reads the sums of a channel.</summary>
    /// <param name="index">Index among the compressed channels.</param>
    /// <param name="row">[2k].</param>
    public void ReadState(int index, Span<float> row)
    {
        int width = 2 * Form.Frequencies;
        if (_states is not null)
            _states.Span.Slice(index * width, width).CopyTo(row);
        else
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<ushort, Half>(_halfStates!.Span.Slice(index * width, width)), row);
    }

    /// <summary>Sets the sums of a channel.</summary>
    public void WriteState(int index, ReadOnlySpan<float> row)
    {
        int width = 2 * Form.Frequencies;
        if (_states is not null)
            row.CopyTo(_states.Span.Slice(index * width, width));
        else
            TensorPrimitives.ConvertToHalf(row, MemoryMarshal.Cast<ushort, Half>(_halfStates!.Span.Slice(index * width, width)));
    }

    public SpectralChannels Clone()
    {
        SpectralChannels copy = new(Kept, Compressed, Form);
        copy._entries.Resize(_entries.Length);
        foreach ((Part from, Part to) in Parts(this).Zip(Parts(copy)))
            from.Bytes().CopyTo(to.Bytes());
        return copy;
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write(_kept.Length);
        writer.Write(MemoryMarshal.AsBytes(_kept.Span));
        writer.Write(_compressed.Length);
        writer.Write(MemoryMarshal.AsBytes(_compressed.Span));
        foreach (Part part in Parts(this))
            writer.Write(part.Bytes());
    }

    /// <summary>Fills channels that <see cref="Reserve"/> has made room for.</summary>
    public void Read(BinaryReader reader)
    {
        foreach (Part part in Parts(this))
            reader.BaseStream.ReadExactly(part.Bytes());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _kept.Dispose();
        _compressed.Dispose();
        _entries.Dispose();
        _states?.Dispose();
        _halfStates?.Dispose();
        _scales.Dispose();
        _offsets.Dispose();
        Extremes?.Dispose();
    }

    private delegate Span<byte> ByteSpan();

    private static IEnumerable<Part> Parts(SpectralChannels channels)
    {
        yield return new Part(() => MemoryMarshal.AsBytes(channels._entries.Span));
        yield return new Part(() => channels._states is { } states ? MemoryMarshal.AsBytes(states.Span) : MemoryMarshal.AsBytes(channels._halfStates!.Span));
        yield return new Part(() => MemoryMarshal.AsBytes(channels._scales.Span));
        yield return new Part(() => MemoryMarshal.AsBytes(channels._offsets.Span));
        yield return new Part(() => channels.Extremes is { } extremes ? MemoryMarshal.AsBytes(extremes.Span) : []);
    }

    private static NativeBuffer<int> Copy(ReadOnlySpan<int> source)
    {
        NativeBuffer<int> copy = new(source.Length);
        source.CopyTo(copy.Span);
        return copy;
    }

    private void Note(int index, float value)
    {
        Span<float> extremes = Extremes!.Span;
        int count = _compressed.Length;
        extremes[index] += value;
        extremes[count + index] = MathF.Min(extremes[count + index], value);
        extremes[2 * count + index] = MathF.Max(extremes[2 * count + index], value);
    }

    private readonly record struct Part(ByteSpan Bytes);
}

/// <summary>How the channels of a spectral segment are stored.</summary>
/// <param name="Keys">Keys, whose kept channels lie channel by channel; values lie token by token.</param>
/// <param name="Frequencies">k.</param>
/// <param name="HalfStates">Whether sums are 16-bit floats.</param>
/// <param name="Refits">Whether running extremes are kept for a later fit.</param>
internal readonly record struct SpectralForm(bool Keys, int Frequencies, bool HalfStates, bool Refits);
