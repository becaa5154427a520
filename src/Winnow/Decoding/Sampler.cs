using System.Numerics.Tensors;
using Winnow.Kernels.Elementwise;

namespace Winnow.Decoding;

/// <summary>Draws tokens from logits: top-k, then temperature, then top-p. Not safe for use by several threads.</summary>
public sealed class Sampler
{
    private readonly SamplingOptions _options;
    private readonly Random _random;
    private float[] _probabilities = [];
    private int[] _order = [];

    /// <summary>Starts a stream of draws.</summary>
    /// <exception cref="WinnowException">An option cannot work.</exception>
    public Sampler(SamplingOptions options)
    {
        options.Validate();
        _options = options;
        _random = new Random(options.Seed);
    }

    /// <summary>The next token.</summary>
    /// <param name="logits">[vocabulary]; left as they are.</param>
    public int Next(ReadOnlySpan<float> logits)
    {
        if (_options.Temperature == 0)
            return TensorPrimitives.IndexOfMax(logits);
        if (_probabilities.Length != logits.Length)
            (_probabilities, _order) = (new float[logits.Length], new int[logits.Length]);
        Span<float> probabilities = _probabilities;
        TensorPrimitives.Divide(logits, _options.Temperature, probabilities);
        if (_options.TopK == 0 && _options.TopP == 1)
        {
            Softmax.InPlace(probabilities);
            return Draw(probabilities, 1);
        }

        return DrawFromBest(probabilities);
    }

    private int DrawFromBest(Span<float> probabilities)
    {
        for (int i = 0; i < _order.Length; i++)
            _order[i] = i;
        // Sorting descending: keys are negated.
        TensorPrimitives.Negate(probabilities, probabilities);
        probabilities.Sort(_order.AsSpan());
        TensorPrimitives.Negate(probabilities, probabilities);
        Span<float> best = _options.TopK > 0 ? probabilities[..Math.Min(_options.TopK, probabilities.Length)] : probabilities;
        Softmax.InPlace(best);
        int count = 0;
        float mass = 0;
        while (count < best.Length && mass < _options.TopP)
            mass += best[count++];
        return _order[Draw(best[..count], mass)];
    }

    private int Draw(ReadOnlySpan<float> probabilities, float mass)
    {
        double left = _random.NextDouble() * mass;
        for (int i = 0; i < probabilities.Length; i++)
        {
            left -= probabilities[i];
            if (left < 0)
                return i;
        }

        // Rounding may leave a crumb; the last possible token takes it.
        return probabilities.LastIndexOfAnyExcept(0f);
    }
}
