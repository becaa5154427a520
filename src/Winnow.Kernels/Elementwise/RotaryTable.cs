using Winnow.Kernels.Memory;

namespace Winnow.Kernels.Elementwise;

/// <summary>
/// Cosines and sines of the rotary position embedding (Su et al. 2021), by position: row p holds magnitude · cos(p · f_i) and
/// magnitude · sin(p · f_i) for every pair i. Angles are computed in double, so that late positions keep their precision.
/// </summary>
/// <remarks>Reading is safe from many threads; growing is not, and invalidates spans taken before.</remarks>
public sealed class RotaryTable : IDisposable
{
    private readonly double[] _inverseFrequencies;
    private readonly double _magnitude;
    private readonly NativeBuffer<float> _cos = new();
    private readonly NativeBuffer<float> _sin = new();

    /// <summary>Computes the first <paramref name="maxPositions"/> positions.</summary>
    /// <param name="rotaryDimension">Leading values of a head that are rotated; even.</param>
    /// <param name="maxPositions">Positions to compute now.</param>
    /// <param name="inverseFrequencies">Angle per position of each pair, <paramref name="rotaryDimension"/> / 2 values, scaling already applied.</param>
    /// <param name="magnitude">Factor on every cosine and sine (the attention factor of YaRN, Peng et al. 2023); 1 for none.</param>
    /// <exception cref="ArgumentException">The dimension is odd, or the number of frequencies is not half of it.</exception>
    public RotaryTable(int rotaryDimension, int maxPositions, ReadOnlySpan<double> inverseFrequencies, double magnitude = 1)
    {
        if (rotaryDimension < 2 || rotaryDimension % 2 != 0 || inverseFrequencies.Length != rotaryDimension / 2)
            throw new ArgumentException($"a rotary dimension of {rotaryDimension} needs half as many frequencies, not {inverseFrequencies.Length}");
        RotaryDimension = rotaryDimension;
        _inverseFrequencies = inverseFrequencies.ToArray();
        _magnitude = magnitude;
        EnsurePositions(maxPositions);
    }

    /// <summary>Leading values of a head that are rotated.</summary>
    public int RotaryDimension { get; }

    /// <summary>Positions computed so far.</summary>
    public int Positions { get; private set; }

    /// <summary>Cosines of one position, one for each pair.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is not computed; see <see cref="EnsurePositions"/>.</exception>
    public ReadOnlySpan<float> CosForPosition(int position) => Row(_cos, position);

    /// <summary>Sines of one position, one for each pair.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is not computed; see <see cref="EnsurePositions"/>.</exception>
    public ReadOnlySpan<float> SinForPosition(int position) => Row(_sin, position);

    /// <summary>Computes further positions, so that 0 to <paramref name="count"/> − 1 can be read.</summary>
    public void EnsurePositions(int count)
    {
        if (count <= Positions)
            return;
        int pairs = _inverseFrequencies.Length, from = Positions;
        _cos.EnsureLength(checked(count * pairs));
        _sin.EnsureLength(count * pairs);
        Positions = Math.Min(_cos.Length, _sin.Length) / pairs;
        Span<float> cos = _cos.Span, sin = _sin.Span;
        for (int position = from; position < Positions; position++)
        {
            for (int pair = 0; pair < pairs; pair++)
            {
                (double s, double c) = Math.SinCos(position * _inverseFrequencies[pair]);
                cos[position * pairs + pair] = (float)(_magnitude * c);
                sin[position * pairs + pair] = (float)(_magnitude * s);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cos.Dispose();
        _sin.Dispose();
    }

    private ReadOnlySpan<float> Row(NativeBuffer<float> table, int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, Positions);
        return table.Span.Slice(position * _inverseFrequencies.Length, _inverseFrequencies.Length);
    }
}
