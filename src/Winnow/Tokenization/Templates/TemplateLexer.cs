using System.Text;

namespace Winnow.Tokenization.Templates;

/// <summary>
/// Cuts a template into tokens. White space follows the customs of chat templates: a block alone on its line leaves nothing behind
/// (<c>trim_blocks</c> and <c>lstrip_blocks</c>), <c>-</c> strips everything up to the next text, <c>+</c> nothing, and one line break at the end goes.
/// </summary>
internal sealed class TemplateLexer
{
    private static readonly string[] s_operators =
        ["==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|"];

    private readonly string _source;
    private readonly List<TemplateToken> _tokens = [];
    private int _position;
    private int _line = 1;
    private bool _stripNext;
    private bool _trimLineBreak;

    private TemplateLexer(string source)
    {
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal);
        _source = source.EndsWith('\n') ? source[..^1] : source;
    }

    /// <summary>The tokens, the last one of kind End.</summary>
    public static List<TemplateToken> Tokenize(string source)
    {
        var lexer = new TemplateLexer(source);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        while (_position < _source.Length)
        {
            int tag = NextTag();
            ReadText(tag);
            if (tag >= _source.Length)
                break;
            char kind = _source[tag + 1];
            Advance(tag + 2);
            if (_position < _source.Length && _source[_position] is '-' or '+')
                Advance(_position + 1);
            if (kind == '#')
                SkipComment();
            else
                ReadTag(kind == '{');
        }
        Add(TemplateTokenKind.End, "");
    }

    private int NextTag()
    {
        for (int i = _position; (i = _source.IndexOf('{', i)) >= 0; i++)
        {
            if (i + 1 < _source.Length && _source[i + 1] is '{' or '%' or '#')
                return i;
        }
        return _source.Length;
    }

    private void ReadText(int tag)
    {
        int start = _position;
        int end = tag;
        if (_stripNext)
        {
            while (start < end && char.IsWhiteSpace(_source[start]))
                start++;
        }
        else if (_trimLineBreak && start < end && _source[start] == '\n')
        {
            start++;
        }
        if (tag + 2 < _source.Length && _source[tag + 2] == '-')
        {
            while (end > start && char.IsWhiteSpace(_source[end - 1]))
                end--;
        }
        else if (tag + 2 < _source.Length && _source[tag + 2] != '+' && _source[tag + 1] != '{')
        {
            end = WithoutIndent(start, end);
        }
        if (end > start)
            Add(TemplateTokenKind.Text, _source[start..end]);
        Advance(tag);
        _stripNext = false;
        _trimLineBreak = false;
    }

    /// <summary>Spaces between the start of a line and a block do not count.</summary>
    private int WithoutIndent(int start, int end)
    {
        int indent = end;
        while (indent > 0 && _source[indent - 1] is ' ' or '\t')
            indent--;
        return indent == 0 || _source[indent - 1] == '\n' ? Math.Max(indent, start) : end;
    }

    private void SkipComment()
    {
        int end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
            throw TemplateError.At(_line, "a comment '{#' is never closed by '#}'");
        _stripNext = end > _position && _source[end - 1] == '-';
        _trimLineBreak = true;
        Advance(end + 2);
    }

    private void ReadTag(bool isOutput)
    {
        int opened = _line;
        Add(isOutput ? TemplateTokenKind.OutputOpen : TemplateTokenKind.BlockOpen, isOutput ? "{{" : "{%");
        string close = isOutput ? "}}" : "%}";
        int braces = 0;
        while (true)
        {
            while (_position < _source.Length && char.IsWhiteSpace(_source[_position]))
                Advance(_position + 1);
            if (_position >= _source.Length)
                throw TemplateError.At(opened, $"'{(isOutput ? "{{" : "{%")}' is never closed by '{close}'");
            bool marked = _source[_position] is '-' or '+';
            int at = marked ? _position + 1 : _position;
            if (braces == 0 && string.CompareOrdinal(_source, at, close, 0, 2) == 0)
            {
                _stripNext = _source[_position] == '-';
                _trimLineBreak = !isOutput && !marked;
                Add(isOutput ? TemplateTokenKind.OutputClose : TemplateTokenKind.BlockClose, close);
                Advance(at + 2);
                return;
            }
            ReadToken();
            braces += _tokens[^1] switch
            {
                { Kind: TemplateTokenKind.Operator, Text: "{" } => 1,
                { Kind: TemplateTokenKind.Operator, Text: "}" } => -1,
                _ => 0,
            };
        }
    }

    private void ReadToken()
    {
        char first = _source[_position];
        if (first is '\'' or '"')
        {
            ReadString(first);
        }
        else if (char.IsAsciiDigit(first))
        {
            ReadNumber();
        }
        else if (char.IsLetter(first) || first == '_')
        {
            int end = _position;
            while (end < _source.Length && (char.IsLetterOrDigit(_source[end]) || _source[end] == '_'))
                end++;
            Add(TemplateTokenKind.Name, _source[_position..end]);
            Advance(end);
        }
        else if (s_operators.FirstOrDefault(text => string.CompareOrdinal(_source, _position, text, 0, text.Length) == 0) is { } found)
        {
            Add(TemplateTokenKind.Operator, found);
            Advance(_position + found.Length);
        }
        else
        {
            throw TemplateError.At(_line, $"the character '{first}' is not part of an expression");
        }
    }

    private void ReadNumber()
    {
        int end = _position;
        while (end < _source.Length && (char.IsAsciiDigit(_source[end]) || _source[end] == '_'))
            end++;
        bool isReal = end + 1 < _source.Length && _source[end] == '.' && char.IsAsciiDigit(_source[end + 1]);
        if (isReal)
        {
            end++;
            while (end < _source.Length && char.IsAsciiDigit(_source[end]))
                end++;
        }
        Add(isReal ? TemplateTokenKind.Real : TemplateTokenKind.Integer, _source[_position..end].Replace("_", "", StringComparison.Ordinal));
        Advance(end);
    }

    private void ReadString(char quote)
    {
        int line = _line;
        var content = new StringBuilder();
        int i = _position + 1;
        for (; i < _source.Length && _source[i] != quote; i++)
        {
            if (_source[i] != '\\' || i + 1 >= _source.Length)
                content.Append(_source[i]);
            else
                i = Unescape(i + 1, content);
        }
        if (i >= _source.Length)
            throw TemplateError.At(line, "a string is never closed");
        _tokens.Add(new TemplateToken(TemplateTokenKind.String, content.ToString(), line));
        Advance(i + 1);
    }

    /// <summary>Reads the escape after the backslash and returns its last position.</summary>
    private int Unescape(int at, StringBuilder content)
    {
        int digits = _source[at] switch { 'x' => 2, 'u' => 4, _ => 0 };
        if (digits > 0 && at + digits < _source.Length
            && int.TryParse(_source.AsSpan(at + 1, digits), System.Globalization.NumberStyles.AllowHexSpecifier, null, out int code))
        {
            content.Append((char)code);
            return at + digits;
        }
        _ = _source[at] switch
        {
            'n' => content.Append('\n'),
            't' => content.Append('\t'),
            'r' => content.Append('\r'),
            'b' => content.Append('\b'),
            'f' => content.Append('\f'),
            '\n' => content,
            '\\' or '\'' or '"' => content.Append(_source[at]),
            _ => content.Append('\\').Append(_source[at]),
        };
        return at;
    }

    private void Add(TemplateTokenKind kind, string text) => _tokens.Add(new TemplateToken(kind, text, _line));

    private void Advance(int position)
    {
        _line += _source.AsSpan(_position, position - _position).Count('\n');
        _position = position;
    }
}
