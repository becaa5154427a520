namespace Winnow.Decoding;

/// <summary>How the next token is drawn.</summary>
public sealed record SamplingOptions
{
    /// <summary>Divides the logits; zero always takes the likeliest token.</summary>
    public float Temperature { get; init; }

    /// <summary>Draws among the fewest tokens whose probabilities add up to this share (nucleus sampling, Holtzman et al. 2019); 1 for all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Draws among this many of the likeliest tokens; zero for all.</summary>
    public int TopK { get; init; }

    /// <summary>Seed of the random numbers: the same seed, prompt and options give the same text.</summary>
    public int Seed { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="WinnowException">A value cannot work.</exception>
    public void Validate()
    {
        if (!(Temperature >= 0 && float.IsFinite(Temperature)))
            throw new WinnowException($"a temperature of {Temperature} cannot work: use 0 for the likeliest token, or a positive number");
        if (!(TopP is > 0 and <= 1))
            throw new WinnowException($"a top-p of {TopP} cannot work: use more than 0 and at most 1");
        if (TopK < 0)
            throw new WinnowException($"a top-k of {TopK} cannot work: use 0 for all tokens, or a positive number");
    }
}
