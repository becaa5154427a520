namespace Winnow.Evaluation;

/// <summary>Over which parts of a text agreement is measured.</summary>
public sealed record AgreementOptions
{
    /// <summary>Tokens of a passage that are read as a prompt, and compressed.</summary>
    public int PromptTokens { get; init; } = 1024;

    /// <summary>Tokens that follow, fed one by one over what was kept.</summary>
    public int GenTokens { get; init; } = 64;

    /// <summary>Most passages to measure, one after another from the text's beginning.</summary>
    public int Passages { get; init; } = 4;
}
