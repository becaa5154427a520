namespace Winnow.Tokenization.Templates;

/// <summary>What a piece of template source is.</summary>
internal enum TemplateTokenKind
{
    Text,
    OutputOpen,
    OutputClose,
    BlockOpen,
    BlockClose,
    Name,
    String,
    Integer,
    Real,
    Operator,
    End,
}

/// <summary>A piece of template source.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The text; of a string its content.</param>
/// <param name="Line">Line in the template, from 1.</param>
internal readonly record struct TemplateToken(TemplateTokenKind Kind, string Text, int Line)
{
    public bool Is(TemplateTokenKind kind, string text) => Kind == kind && Text == text;

    public override string ToString() => Kind switch
    {
        TemplateTokenKind.End => "the end of the template",
        TemplateTokenKind.Text => "text",
        _ => $"'{Text}'",
    };
}

/// <summary>Makes the errors of templates, all of one form.</summary>
internal static class TemplateError
{
    public static WinnowException At(int line, string sentence) => new($"the chat template, line {line}: {sentence}");
}
