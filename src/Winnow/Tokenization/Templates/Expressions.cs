namespace Winnow.Tokenization.Templates;

/// <summary>Part of a template that has a value.</summary>
internal abstract class Expression(int line)
{
    public int Line => line;

    public object? Evaluate(TemplateContext context)
    {
        context.Step(line);
        return Compute(context);
    }

    protected abstract object? Compute(TemplateContext context);
}

internal sealed class Literal(int line, object? value) : Expression(line)
{
    protected override object? Compute(TemplateContext context) => value;
}

internal sealed class Variable(int line, string name) : Expression(line)
{
    public string Name => name;

    protected override object? Compute(TemplateContext context) => context.Scope.Get(name);
}

internal sealed class ListLiteral(int line, IReadOnlyList<Expression> items) : Expression(line)
{
    public IReadOnlyList<Expression> Items => items;

    protected override object? Compute(TemplateContext context) => items.Select(item => item.Evaluate(context)).ToList();
}

internal sealed class MapLiteral(int line, IReadOnlyList<(Expression Key, Expression Value)> pairs) : Expression(line)
{
    protected override object? Compute(TemplateContext context)
    {
        var map = new TemplateMap();
        foreach ((Expression key, Expression value) in pairs)
            map[TemplateValues.Text(context, key.Evaluate(context))] = value.Evaluate(context);
        return map;
    }
}

internal sealed class Conditional(int line, Expression condition, Expression then, Expression? otherwise) : Expression(line)
{
    protected override object? Compute(TemplateContext context) => TemplateValues.IsTrue(condition.Evaluate(context))
        ? then.Evaluate(context)
        : otherwise is null ? new Undefined("else") : otherwise.Evaluate(context);
}

/// <summary><c>and</c>, <c>or</c>: the value is that of the side that decides.</summary>
internal sealed class Logical(int line, bool isAnd, Expression left, Expression right) : Expression(line)
{
    protected override object? Compute(TemplateContext context)
    {
        object? first = left.Evaluate(context);
        return TemplateValues.IsTrue(first) == isAnd ? right.Evaluate(context) : first;
    }
}

internal sealed class Not(int line, Expression operand) : Expression(line)
{
    protected override object? Compute(TemplateContext context) => !TemplateValues.IsTrue(operand.Evaluate(context));
}

/// <summary>A chain such as <c>a &lt; b &lt;= c</c>, true when every link is.</summary>
internal sealed class Comparison(int line, Expression first, IReadOnlyList<(string Operator, Expression Right)> links) : Expression(line)
{
    protected override object? Compute(TemplateContext context)
    {
        object? left = first.Evaluate(context);
        foreach ((string name, Expression side) in links)
        {
            object? right = side.Evaluate(context);
            bool holds = name switch
            {
                "==" => TemplateValues.AreEqual(context, left, right),
                "!=" => !TemplateValues.AreEqual(context, left, right),
                "in" => TemplateValues.Contains(context, right, left),
                "not in" => !TemplateValues.Contains(context, right, left),
                "<" => TemplateValues.Compare(context, left, right) < 0,
                "<=" => TemplateValues.Compare(context, left, right) <= 0,
                ">" => TemplateValues.Compare(context, left, right) > 0,
                _ => TemplateValues.Compare(context, left, right) >= 0,
            };
            if (!holds)
                return false;
            left = right;
        }
        return true;
    }
}

internal sealed class Arithmetic(int line, string name, Expression left, Expression right) : Expression(line)
{
    protected override object? Compute(TemplateContext context) =>
        TemplateArithmetic.Apply(context, name, left.Evaluate(context), right.Evaluate(context));
}

internal sealed class Negate(int line, Expression operand) : Expression(line)
{
    protected override object? Compute(TemplateContext context) => TemplateArithmetic.Apply(context, "-", 0L, operand.Evaluate(context));
}

internal sealed class Access(int line, Expression target, Expression key) : Expression(line)
{
    protected override object? Compute(TemplateContext context)
    {
        object? container = target.Evaluate(context);
        return TemplateMembers.Get(context, container, key.Evaluate(context));
    }
}

internal sealed class Slice(int line, Expression target, Expression? start, Expression? stop, Expression? step) : Expression(line)
{
    protected override object? Compute(TemplateContext context) => TemplateMembers.Slice(
        context, target.Evaluate(context), start?.Evaluate(context), stop?.Evaluate(context), step?.Evaluate(context));
}

/// <summary>Arguments as written.</summary>
internal sealed class ArgumentList(IReadOnlyList<Expression> positional, IReadOnlyList<(string Name, Expression Value)> named)
{
    public static readonly ArgumentList Empty = new([], []);

    public TemplateArguments Evaluate(TemplateContext context)
    {
        if (positional.Count == 0 && named.Count == 0)
            return TemplateArguments.None;
        var names = new Dictionary<string, object?>(StringComparer.Ordinal);
        List<object?> values = [.. positional.Select(value => value.Evaluate(context))];
        foreach ((string name, Expression value) in named)
            names[name] = value.Evaluate(context);
        return new TemplateArguments(values, names);
    }
}

internal sealed class Call(int line, Expression target, ArgumentList arguments) : Expression(line)
{
    protected override object? Compute(TemplateContext context) => target.Evaluate(context) switch
    {
        TemplateFunction function => function.Call(context, arguments.Evaluate(context)),
        Undefined undefined => throw TemplateError.At(Line, $"'{undefined.Name}' is not a function"),
        var value => throw TemplateError.At(Line, $"{TemplateValues.TypeName(value)} cannot be called"),
    };
}

internal sealed class MethodCall(int line, Expression target, string name, ArgumentList arguments) : Expression(line)
{
    protected override object? Compute(TemplateContext context)
    {
        object? value = target.Evaluate(context);
        if (value is TemplateMap map && map.TryGetValue(name, out object? item) && item is TemplateFunction function)
            return function.Call(context, arguments.Evaluate(context));
        return TemplateMethods.Call(context, value, name, arguments.Evaluate(context));
    }
}

internal sealed class Filter(int line, Expression operand, string name, ArgumentList arguments) : Expression(line)
{
    protected override object? Compute(TemplateContext context) =>
        TemplateFilters.Apply(context, name, operand.Evaluate(context), arguments.Evaluate(context));
}

internal sealed class Test(int line, Expression operand, string name, ArgumentList arguments, bool negated) : Expression(line)
{
    protected override object? Compute(TemplateContext context) =>
        TemplateTests.Holds(context, name, operand.Evaluate(context), arguments.Evaluate(context)) != negated;
}
