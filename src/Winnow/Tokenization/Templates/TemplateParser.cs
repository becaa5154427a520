namespace Winnow.Tokenization.Templates;

/// <summary>Parses the statements of a template.</summary>
internal sealed class TemplateParser
{
    private readonly TemplateReader _reader;
    private readonly ExpressionParser _expressions;
    private int _loops;

    private TemplateParser(List<TemplateToken> tokens)
    {
        _reader = new TemplateReader(tokens);
        _expressions = new ExpressionParser(_reader);
    }

    /// <summary>The whole template as one statement.</summary>
    /// <exception cref="WinnowException">The template is malformed or uses what is not supported.</exception>
    public static Statement Parse(string source)
    {
        var parser = new TemplateParser(TemplateLexer.Tokenize(source));
        Statement body = parser.ParseBody();
        TemplateToken rest = parser._reader.Current;
        if (rest.Kind == TemplateTokenKind.End)
            return body;
        throw TemplateError.At(rest.Line, $"'{parser._reader.Next.Text}' has nothing that it belongs to");
    }

    /// <summary>Statements up to the end or a block that opens with one of the names; that block's opening is not taken.</summary>
    private BlockStatement ParseBody(params ReadOnlySpan<string> ends)
    {
        _reader.CheckDepth();
        int line = _reader.Current.Line;
        var statements = new List<Statement>();
        while (_reader.Current.Kind != TemplateTokenKind.End)
        {
            if (_reader.Current.Kind == TemplateTokenKind.BlockOpen && IsEnd(_reader.Next.Text, ends))
                return new BlockStatement(line, statements);
            TemplateToken token = _reader.Take();
            switch (token.Kind)
            {
                case TemplateTokenKind.Text:
                    statements.Add(new TextStatement(token.Line, token.Text));
                    break;
                case TemplateTokenKind.OutputOpen:
                    statements.Add(new OutputStatement(token.Line, _expressions.ParseTuple()));
                    _reader.Expect(TemplateTokenKind.OutputClose, "}}");
                    break;
                default:
                    statements.Add(ParseBlock(token.Line));
                    break;
            }
        }
        if (ends.Length > 0)
            throw TemplateError.At(line, $"a block that opens here is never closed by '{ends[^1]}'");
        return new BlockStatement(line, statements);
    }

    private static bool IsEnd(string name, ReadOnlySpan<string> ends) =>
        ends.Contains(name) || (ends.IsEmpty && (name.StartsWith("end", StringComparison.Ordinal) || name is "else" or "elif"));

    private Statement ParseBlock(int line)
    {
        string name = _reader.TakeName();
        switch (name)
        {
            case "if":
                return ParseIf(line);
            case "for":
                return ParseFor(line);
            case "set":
                return ParseSet(line);
            case "macro":
                return ParseMacro(line);
            case "break" or "continue" when _loops > 0:
                CloseTag();
                return new JumpStatement(line, name == "break" ? Flow.Break : Flow.Continue);
            case "break" or "continue":
                throw TemplateError.At(line, $"'{name}' stands outside any loop");
            case "generation":
                // Marks the assistant's own words for training; the text is the same.
                CloseTag();
                Statement body = ParseBody("endgeneration");
                CloseBlock("endgeneration");
                return body;
            default:
                throw TemplateError.At(line, $"the tag '{name}' is not supported");
        }
    }

    private IfStatement ParseIf(int line)
    {
        var branches = new List<(Expression? Condition, Statement Body)>();
        Expression? condition = _expressions.ParseTuple();
        while (true)
        {
            CloseTag();
            Statement body = condition is null ? ParseBody("endif") : ParseBody("elif", "else", "endif");
            branches.Add((condition, body));
            _reader.Take();
            string next = _reader.TakeName();
            if (next == "endif")
            {
                CloseTag();
                return new IfStatement(line, branches);
            }
            condition = next == "elif" ? _expressions.ParseTuple() : null;
        }
    }

    private ForStatement ParseFor(int line)
    {
        List<SetTarget> targets = ParseTargets(allowAttributes: false);
        _reader.ExpectName("in");
        Expression source = _expressions.ParseWithoutCondition();
        Expression? condition = _reader.TryTakeName("if") ? _expressions.Parse() : null;
        CloseTag();
        _loops++;
        Statement body = ParseBody("else", "endfor");
        _loops--;
        Statement? otherwise = null;
        if (_reader.Next.Text == "else")
        {
            CloseBlock("else");
            otherwise = ParseBody("endfor");
        }
        CloseBlock("endfor");
        return new ForStatement(line, targets, source, condition, body, otherwise);
    }

    private Statement ParseSet(int line)
    {
        List<SetTarget> targets = ParseTargets(allowAttributes: true);
        if (_reader.TryTakeOperator("="))
        {
            Expression value = _expressions.ParseTuple();
            CloseTag();
            return new SetStatement(line, targets, value);
        }
        Expression filtered = _expressions.ParseFilters(new CapturedText(line));
        CloseTag();
        int loops = _loops;
        _loops = 0;
        Statement body = ParseBody("endset");
        _loops = loops;
        CloseBlock("endset");
        return new SetBlockStatement(line, targets[0], body, filtered);
    }

    private MacroStatement ParseMacro(int line)
    {
        string name = _reader.TakeName();
        _reader.ExpectOperator("(");
        var parameters = new List<(string Name, Expression? Default)>();
        while (!_reader.TryTakeOperator(")"))
        {
            string parameter = _reader.TakeName();
            parameters.Add((parameter, _reader.TryTakeOperator("=") ? _expressions.Parse() : null));
            if (!_reader.AtOperator(")"))
                _reader.ExpectOperator(",");
        }
        CloseTag();
        int loops = _loops;
        _loops = 0;
        Statement body = ParseBody("endmacro");
        _loops = loops;
        CloseBlock("endmacro");
        return new MacroStatement(line, name, parameters, body);
    }

    private List<SetTarget> ParseTargets(bool allowAttributes)
    {
        bool bracketed = _reader.TryTakeOperator("(");
        var targets = new List<SetTarget>();
        do
        {
            string name = _reader.TakeName();
            targets.Add(new SetTarget(name, allowAttributes && _reader.TryTakeOperator(".") ? _reader.TakeName() : null));
        }
        while (_reader.TryTakeOperator(","));
        if (bracketed)
            _reader.ExpectOperator(")");
        return targets;
    }

    private void CloseTag() => _reader.Expect(TemplateTokenKind.BlockClose, "%}");

    private void CloseBlock(string name)
    {
        _reader.Expect(TemplateTokenKind.BlockOpen, "{%");
        _reader.ExpectName(name);
        // endmacro may repeat the macro's name.
        if (name == "endmacro" && _reader.Current.Kind == TemplateTokenKind.Name)
            _reader.Take();
        CloseTag();
    }
}
