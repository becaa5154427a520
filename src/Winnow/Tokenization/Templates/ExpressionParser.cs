using System.Globalization;

namespace Winnow.Tokenization.Templates;

/// <summary>Parses expressions; each method is one level of precedence, the weakest first.</summary>
internal sealed class ExpressionParser(TemplateReader reader)
{
    private static readonly HashSet<string> s_comparisons = ["==", "!=", "<", "<=", ">", ">="];

    /// <summary>An expression, or several with commas between as one list.</summary>
    public Expression ParseTuple()
    {
        int line = reader.Current.Line;
        Expression first = Parse();
        if (!reader.AtOperator(","))
            return first;
        var items = new List<Expression> { first };
        while (reader.TryTakeOperator(",") && StartsExpression())
            items.Add(Parse());
        return new ListLiteral(line, items);
    }

    /// <summary>One expression.</summary>
    public Expression Parse()
    {
        reader.CheckDepth();
        int line = reader.Current.Line;
        Expression value = ParseWithoutCondition();
        while (reader.TryTakeName("if"))
        {
            Expression condition = ParseWithoutCondition();
            Expression? otherwise = reader.TryTakeName("else") ? Parse() : null;
            value = new Conditional(line, condition, value, otherwise);
        }
        return value;
    }

    /// <summary>An expression in which a following <c>if</c> belongs to what comes around it.</summary>
    public Expression ParseWithoutCondition()
    {
        Expression left = ParseAnd();
        while (reader.AtName("or"))
            left = new Logical(reader.Take().Line, isAnd: false, left, ParseAnd());
        return left;
    }

    /// <summary>Filters that follow: <c>| name(arguments)</c>.</summary>
    public Expression ParseFilters(Expression operand)
    {
        while (reader.AtOperator("|"))
        {
            int line = reader.Take().Line;
            operand = ParseFilter(line, operand);
        }
        return operand;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (reader.AtName("and"))
            left = new Logical(reader.Take().Line, isAnd: true, left, ParseNot());
        return left;
    }

    private Expression ParseNot()
    {
        reader.CheckDepth();
        return reader.AtName("not") ? new Not(reader.Take().Line, ParseNot()) : ParseComparison();
    }

    private Expression ParseComparison()
    {
        int line = reader.Current.Line;
        Expression first = ParseSum();
        var links = new List<(string Operator, Expression Right)>();
        while (true)
        {
            string? name = null;
            if (reader.Current.Kind == TemplateTokenKind.Operator && s_comparisons.Contains(reader.Current.Text))
                name = reader.Take().Text;
            else if (reader.TryTakeName("in"))
                name = "in";
            else if (reader.AtName("not") && reader.Next.Is(TemplateTokenKind.Name, "in"))
                (name, _, _) = ("not in", reader.Take(), reader.Take());
            if (name is null)
                return links.Count == 0 ? first : new Comparison(line, first, links);
            links.Add((name, ParseSum()));
        }
    }

    private Expression ParseSum()
    {
        Expression left = ParseConcatenation();
        while (reader.AtOperator("+") || reader.AtOperator("-"))
        {
            TemplateToken sign = reader.Take();
            left = new Arithmetic(sign.Line, sign.Text, left, ParseConcatenation());
        }
        return left;
    }

    private Expression ParseConcatenation()
    {
        Expression left = ParseProduct();
        while (reader.AtOperator("~"))
            left = new Arithmetic(reader.Take().Line, "~", left, ParseProduct());
        return left;
    }

    private Expression ParseProduct()
    {
        Expression left = ParsePower();
        while (reader.AtOperator("*") || reader.AtOperator("/") || reader.AtOperator("//") || reader.AtOperator("%"))
        {
            TemplateToken sign = reader.Take();
            left = new Arithmetic(sign.Line, sign.Text, left, ParsePower());
        }
        return left;
    }

    private Expression ParsePower()
    {
        Expression left = ParseUnary();
        while (reader.AtOperator("**"))
            left = new Arithmetic(reader.Take().Line, "**", left, ParseUnary());
        return left;
    }

    private Expression ParseUnary()
    {
        reader.CheckDepth();
        int line = reader.Current.Line;
        Expression value;
        if (reader.TryTakeOperator("-"))
            value = new Negate(line, ParsePostfix(ParsePrimaryOrSign()));
        else if (reader.TryTakeOperator("+"))
            value = ParsePostfix(ParsePrimaryOrSign());
        else
            value = ParsePostfix(ParsePrimary());
        return ParseFiltersAndTests(value);
    }

    private Expression ParsePrimaryOrSign()
    {
        reader.CheckDepth();
        int line = reader.Current.Line;
        return reader.TryTakeOperator("-") ? new Negate(line, ParsePrimaryOrSign()) : ParsePrimary();
    }

    private Expression ParseFiltersAndTests(Expression value)
    {
        while (true)
        {
            if (reader.AtOperator("|"))
                value = ParseFilters(value);
            else if (reader.AtName("is"))
                value = ParseTest(value);
            else
                return value;
        }
    }

    private Filter ParseFilter(int line, Expression operand)
    {
        string name = reader.TakeName();
        if (!TemplateFilters.Exists(name))
            throw TemplateError.At(line, $"the filter '{name}' is not supported");
        return new Filter(line, operand, name, reader.AtOperator("(") ? ParseArguments() : ArgumentList.Empty);
    }

    private Test ParseTest(Expression operand)
    {
        int line = reader.Take().Line;
        bool negated = reader.TryTakeName("not");
        // A test may be named like an operator: x is in list.
        string name = reader.TakeName();
        if (!TemplateTests.Exists(name))
            throw TemplateError.At(line, $"the test 'is {name}' is not supported");
        ArgumentList arguments = ArgumentList.Empty;
        if (reader.AtOperator("("))
            arguments = ParseArguments();
        else if (TemplateTests.TakesArgument(name))
            arguments = new ArgumentList([ParsePostfix(ParsePrimary())], []);
        return new Test(line, operand, name, arguments, negated);
    }

    private Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            int line = reader.Current.Line;
            if (reader.TryTakeOperator("."))
                value = ParseMember(line, value);
            else if (reader.TryTakeOperator("["))
                value = ParseSubscript(line, value);
            else if (reader.AtOperator("("))
                value = new Call(line, value, ParseArguments());
            else
                return value;
        }
    }

    private Expression ParseMember(int line, Expression value)
    {
        if (reader.Current.Kind == TemplateTokenKind.Integer)
            return new Access(line, value, new Literal(line, Integer(reader.Take())));
        string name = reader.TakeName();
        return reader.AtOperator("(")
            ? new MethodCall(line, value, name, ParseArguments())
            : new Access(line, value, new Literal(line, name));
    }

    private Expression ParseSubscript(int line, Expression value)
    {
        Expression? start = reader.AtOperator(":") ? null : ParseTuple();
        if (start is not null && reader.TryTakeOperator("]"))
            return new Access(line, value, start);
        reader.ExpectOperator(":");
        Expression? stop = reader.AtOperator(":") || reader.AtOperator("]") ? null : Parse();
        Expression? step = reader.TryTakeOperator(":") && !reader.AtOperator("]") ? Parse() : null;
        reader.ExpectOperator("]");
        return new Slice(line, value, start, stop, step);
    }

    private ArgumentList ParseArguments()
    {
        reader.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string Name, Expression Value)>();
        while (!reader.TryTakeOperator(")"))
        {
            if (reader.Current.Kind == TemplateTokenKind.Name && reader.Next.Is(TemplateTokenKind.Operator, "="))
            {
                string name = reader.Take().Text;
                reader.Take();
                named.Add((name, Parse()));
            }
            else
            {
                positional.Add(Parse());
            }
            if (!reader.AtOperator(")"))
                reader.ExpectOperator(",");
        }
        return new ArgumentList(positional, named);
    }

    private Expression ParsePrimary()
    {
        TemplateToken token = reader.Current;
        switch (token.Kind)
        {
            case TemplateTokenKind.String:
                string text = reader.Take().Text;
                while (reader.Current.Kind == TemplateTokenKind.String)
                    text += reader.Take().Text;
                return new Literal(token.Line, text);
            case TemplateTokenKind.Integer:
                return new Literal(token.Line, Integer(reader.Take()));
            case TemplateTokenKind.Real:
                return new Literal(token.Line, double.Parse(reader.Take().Text, CultureInfo.InvariantCulture));
            case TemplateTokenKind.Name:
                reader.Take();
                return token.Text switch
                {
                    "true" or "True" => new Literal(token.Line, true),
                    "false" or "False" => new Literal(token.Line, false),
                    "none" or "None" => new Literal(token.Line, null),
                    "if" or "else" or "and" or "or" or "in" or "is" => throw TemplateError.At(token.Line, $"expected a value but found {token}"),
                    _ => new Variable(token.Line, token.Text),
                };
            default:
                return ParseBracketed();
        }
    }

    private Expression ParseBracketed()
    {
        int line = reader.Current.Line;
        if (reader.TryTakeOperator("("))
        {
            Expression inner = reader.AtOperator(")") ? new ListLiteral(line, []) : ParseTuple();
            reader.ExpectOperator(")");
            return inner;
        }
        if (reader.TryTakeOperator("["))
        {
            var items = new List<Expression>();
            while (!reader.TryTakeOperator("]"))
            {
                items.Add(Parse());
                if (!reader.AtOperator("]"))
                    reader.ExpectOperator(",");
            }
            return new ListLiteral(line, items);
        }
        if (!reader.TryTakeOperator("{"))
            throw reader.Unexpected("a value");
        var pairs = new List<(Expression Key, Expression Value)>();
        while (!reader.TryTakeOperator("}"))
        {
            Expression key = Parse();
            reader.ExpectOperator(":");
            pairs.Add((key, Parse()));
            if (!reader.AtOperator("}"))
                reader.ExpectOperator(",");
        }
        return new MapLiteral(line, pairs);
    }

    private bool StartsExpression() => reader.Current.Kind switch
    {
        TemplateTokenKind.Name => !reader.AtName("in") && !reader.AtName("if"),
        TemplateTokenKind.Operator => reader.AtOperator("(") || reader.AtOperator("[") || reader.AtOperator("{") || reader.AtOperator("-"),
        TemplateTokenKind.String or TemplateTokenKind.Integer or TemplateTokenKind.Real => true,
        _ => false,
    };

    private static long Integer(TemplateToken token) => long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
        ? value
        : throw TemplateError.At(token.Line, $"the number {token.Text} is too large");
}
