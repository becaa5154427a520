namespace Winnow.Tokenization.Normalization;

/// <summary>Several normalizers one after the other.</summary>
internal sealed class NormalizerSequence(IReadOnlyList<TextNormalizer> steps) : TextNormalizer
{
    public override string Normalize(string text) => steps.Aggregate(text, (current, step) => step.Normalize(current));
}

/// <summary>A normalizer that is one function.</summary>
internal sealed class FunctionNormalizer(Func<string, string> function) : TextNormalizer
{
    public override string Normalize(string text) => function(text);
}
