using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Spectral;

/// <summary>
/// Cosines and sines cos(2πft/T), sin(2πft/T) of the first k frequencies f = 0 … k−1 over a period of T tokens, arranged for kernels that take 64 tokens at a
/// time.
/// Token t is split into 64·b + r: a table of 64 tokens serves every block, because the angle of the block's first token is put into the coefficients.
/// Immutable, so any number of segments and threads share one.
/// </summary>
public sealed unsafe class SpectralBasis : IDisposable
{
    /// <summary>Tokens of a block.</summary>
    public const int Block = 64;

    private const int Lane = 16;
    private readonly NativeBuffer<float> _circle;
    private readonly NativeBuffer<float> _inner;
    private readonly NativeBuffer<float> _innerByToken;
    private readonly NativeBuffer<float> _blocks;

    /// <summary>Prepares the tables.</summary>
    /// <param name="period">T: tokens after which the lowest frequency repeats.</param>
    /// <param name="frequencies">k, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The period or the count is below 1.</exception>
    public SpectralBasis(int period, int frequencies)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(frequencies, 1);
        (Period, Frequencies) = (period, frequencies);
        PaddedFrequencies = (frequencies + Lane - 1) / Lane * Lane;
        _circle = new NativeBuffer<float>(checked(2 * period));
        for (int i = 0; i < period; i++)
        {
            (double sin, double cos) = Math.SinCos(2 * Math.PI * i / period);
            _circle.Pointer[i] = (float)cos;
            _circle.Pointer[period + i] = (float)sin;
        }

        int width = Width;
        _blocks = new NativeBuffer<float>(checked((period + Block - 1) / Block * width));
        for (int block = 0; block * Block < period; block++)
            Fill(block * Block, PaddedFrequencies, _blocks.Span.Slice(block * width, width));
        _innerByToken = new NativeBuffer<float>(Block * width);
        _inner = new NativeBuffer<float>(Block * width);
        for (int token = 0; token < Block; token++)
        {
            Fill(token, PaddedFrequencies, _innerByToken.Span.Slice(token * width, width));
            for (int row = 0; row < width; row++)
                _inner.Pointer[row * Block + token] = _innerByToken.Pointer[token * width + row];
        }
    }

    /// <summary>T.</summary>
    public int Period { get; }

    /// <summary>k.</summary>
    public int Frequencies { get; }

    /// <summary>k rounded up to whole vectors; coefficients beyond k meet zeros.</summary>
    public int PaddedFrequencies { get; }

    /// <summary>Floats of a row of coefficients while computing: padded cosines, then padded sines.</summary>
    public int Width => 2 * PaddedFrequencies;

    /// <summary>Bytes of the tables.</summary>
    public long Bytes => _circle.ByteLength + _blocks.ByteLength + _inner.ByteLength + _innerByToken.ByteLength;

    /// <summary>[2·padded k, 64].</summary>
    internal float* Inner => _inner.Pointer;

    /// <summary>[64, 2·padded k].</summary>
    internal float* InnerByToken => _innerByToken.Pointer;

    /// <summary>Cosines and sines of a token, without padding.</summary>
    /// <param name="token">t, zero or more.</param>
    /// <param name="row">[2k]: cosines, then sines.</param>
    public void Row(int token, Span<float> row) => Fill(token, Frequencies, row);

    /// <inheritdoc/>
    public void Dispose()
    {
        _circle.Dispose();
        _blocks.Dispose();
        _inner.Dispose();
        _innerByToken.Dispose();
    }

    /// <summary>Angles of a block's first token, [2·padded k].</summary>
    internal float* BlockAngles(int block) => _blocks.Pointer + (long)block * Width;

    /// <summary>The phase f·t is reduced modulo T in integers: as a float product it would be lost for long texts.</summary>
    private void Fill(int token, int stride, Span<float> row)
    {
        int step = token % Period, phase = 0;
        for (int f = 0; f < Frequencies; f++)
        {
            row[f] = _circle.Pointer[phase];
            row[stride + f] = _circle.Pointer[Period + phase];
            phase = (int)(((long)phase + step) % Period);
        }
    }
}
