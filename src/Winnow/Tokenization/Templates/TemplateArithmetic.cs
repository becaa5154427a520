namespace Winnow.Tokenization.Templates;

/// <summary>The operators + - * / // % ** ~ by Python's rules.</summary>
internal static class TemplateArithmetic
{
    public static object? Apply(TemplateContext context, string name, object? left, object? right)
    {
        if (name == "~")
            return Join(context, TemplateValues.Text(context, left), TemplateValues.Text(context, right));
        if (left is string prefix && right is string suffix && name == "+")
            return Join(context, prefix, suffix);
        if (left is List<object?> first && right is List<object?> second && name == "+")
        {
            context.Step(context.Line, first.Count + second.Count);
            context.Charge(8L * (first.Count + second.Count));
            return (List<object?>)[.. first, .. second];
        }
        if (name == "*" && (left, right) is (string, long) or (long, string) or (List<object?>, long) or (long, List<object?>))
            return left is long count ? Repeat(context, right, count) : Repeat(context, left, (long)right!);
        if (Integer(left) is long a && Integer(right) is long b && name != "/")
            return Integers(context, name, a, b);
        if (TemplateValues.TryNumber(left, out double x) && TemplateValues.TryNumber(right, out double y))
            return Reals(context, name, x, y);
        throw context.Error($"'{name}' does not work between {TemplateValues.TypeName(left)} and {TemplateValues.TypeName(right)}");
    }

    private static long? Integer(object? value) => value switch { long integer => integer, bool flag => flag ? 1 : 0, _ => null };

    private static string Join(TemplateContext context, string left, string right)
    {
        context.Charge(left.Length + (long)right.Length);
        return left + right;
    }

    private static object Repeat(TemplateContext context, object? value, long count)
    {
        count = Math.Clamp(count, 0, int.MaxValue);
        if (value is string text)
        {
            context.Charge(text.Length * count);
            return string.Concat(Enumerable.Repeat(text, (int)count));
        }
        var list = (List<object?>)value!;
        context.Charge(8 * list.Count * count);
        return Enumerable.Repeat(list, list.Count == 0 ? 0 : (int)count).SelectMany(items => items).ToList();
    }

    private static object Integers(TemplateContext context, string name, long left, long right)
    {
        if (name is "//" or "%" && right == 0)
            throw context.Error("division by zero");
        try
        {
            return name switch
            {
                "+" => checked(left + right),
                "-" => checked(left - right),
                "*" => checked(left * right),
                "//" when right == -1 => checked(-left),
                "//" => (left / right) - (left % right != 0 && (left < 0) != (right < 0) ? 1 : 0),
                "%" when right == -1 => 0L,
                "%" => ((left % right) + right) % right,
                _ => Power(left, right),
            };
        }
        catch (OverflowException)
        {
            throw context.Error($"{left} {name} {right} is too large");
        }
    }

    private static object Power(long value, long exponent)
    {
        if (exponent is < 0 or > 64)
            return Math.Pow(value, exponent);
        long result = 1;
        for (long i = 0; i < exponent; i++)
            result = checked(result * value);
        return result;
    }

    private static object Reals(TemplateContext context, string name, double left, double right)
    {
        if (name is "/" or "//" or "%" && right == 0)
            throw context.Error("division by zero");
        return name switch
        {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "/" => left / right,
            "//" => Math.Floor(left / right),
            "%" => left - (right * Math.Floor(left / right)),
            _ => Math.Pow(left, right),
        };
    }
}
