using System.Runtime.CompilerServices;

namespace Winnow.Tokenization.Templates;

/// <summary>A position in the tokens of a template, shared by the parsers of statements and expressions.</summary>
internal sealed class TemplateReader(List<TemplateToken> tokens)
{
    private int _position;

    public TemplateToken Current => tokens[_position];

    public TemplateToken Next => tokens[Math.Min(_position + 1, tokens.Count - 1)];

    public TemplateToken Take()
    {
        TemplateToken token = Current;
        if (_position < tokens.Count - 1)
            _position++;
        return token;
    }

    public bool AtName(string name) => Current.Is(TemplateTokenKind.Name, name);

    public bool AtOperator(string text) => Current.Is(TemplateTokenKind.Operator, text);

    public bool TryTakeName(string name) => TryTake(TemplateTokenKind.Name, name);

    public bool TryTakeOperator(string text) => TryTake(TemplateTokenKind.Operator, text);

    public void ExpectOperator(string text)
    {
        if (!TryTakeOperator(text))
            throw Unexpected($"'{text}'");
    }

    public void ExpectName(string name)
    {
        if (!TryTakeName(name))
            throw Unexpected($"'{name}'");
    }

    public string TakeName() => Current.Kind == TemplateTokenKind.Name ? Take().Text : throw Unexpected("a name");

    public void Expect(TemplateTokenKind kind, string text)
    {
        if (Current.Kind != kind)
            throw Unexpected($"'{text}'");
        Take();
    }

    public WinnowException Unexpected(string wanted) => TemplateError.At(Current.Line, $"expected {wanted} but found {Current}");

    /// <summary>Refuses nesting that would use up the stack.</summary>
    public void CheckDepth()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw TemplateError.At(Current.Line, "the template is nested too deeply");
    }

    private bool TryTake(TemplateTokenKind kind, string text)
    {
        if (!Current.Is(kind, text))
            return false;
        Take();
        return true;
    }
}
