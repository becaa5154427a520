namespace Winnow.Tokenization.Templates;

/// <summary>How a statement left.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>Part of a template that writes or sets something.</summary>
internal abstract class Statement(int line)
{
    public int Line => line;

    public Flow Execute(TemplateContext context)
    {
        context.Step(line);
        return Run(context);
    }

    protected abstract Flow Run(TemplateContext context);
}

internal sealed class TextStatement(int line, string text) : Statement(line)
{
    protected override Flow Run(TemplateContext context)
    {
        context.Write(text);
        return Flow.Next;
    }
}

internal sealed class OutputStatement(int line, Expression value) : Statement(line)
{
    protected override Flow Run(TemplateContext context)
    {
        context.Write(TemplateValues.Text(context, value.Evaluate(context)));
        return Flow.Next;
    }
}

internal sealed class BlockStatement(int line, IReadOnlyList<Statement> statements) : Statement(line)
{
    protected override Flow Run(TemplateContext context)
    {
        foreach (Statement statement in statements)
        {
            Flow flow = statement.Execute(context);
            if (flow != Flow.Next)
                return flow;
        }
        return Flow.Next;
    }
}

internal sealed class IfStatement(int line, IReadOnlyList<(Expression? Condition, Statement Body)> branches) : Statement(line)
{
    protected override Flow Run(TemplateContext context)
    {
        foreach ((Expression? condition, Statement body) in branches)
        {
            if (condition is null || TemplateValues.IsTrue(condition.Evaluate(context)))
                return body.Execute(context);
        }
        return Flow.Next;
    }
}

internal sealed class JumpStatement(int line, Flow flow) : Statement(line)
{
    protected override Flow Run(TemplateContext context) => flow;
}

/// <summary><c>set</c> with a value; several names take a list apart.</summary>
internal sealed class SetStatement(int line, IReadOnlyList<SetTarget> targets, Expression value) : Statement(line)
{
    protected override Flow Run(TemplateContext context)
    {
        SetTarget.Assign(context, targets, value.Evaluate(context));
        return Flow.Next;
    }
}

/// <summary><c>set</c> around a block: the name takes the text that the block writes, after the filters.</summary>
internal sealed class SetBlockStatement(int line, SetTarget target, Statement body, Expression filtered) : Statement(line)
{
    protected override Flow Run(TemplateContext context)
    {
        string written = context.Capture(() => context.Within(new TemplateScope(context.Scope), () => body.Execute(context)));
        var scope = new TemplateScope(context.Scope);
        scope.Set(CapturedText.Name, written);
        SetTarget.Assign(context, [target], context.Within(scope, () => filtered.Evaluate(context)));
        return Flow.Next;
    }
}

/// <summary>Stands for the text of a block in the filters of its <c>set</c>.</summary>
internal sealed class CapturedText(int line) : Expression(line)
{
    /// <summary>No template can write this name.</summary>
    public const string Name = "set block";

    protected override object? Compute(TemplateContext context) => context.Scope.Get(Name);
}

/// <summary>A name, or an item of a namespace, that takes a value.</summary>
internal sealed record SetTarget(string Name, string? Attribute)
{
    public static void Assign(TemplateContext context, IReadOnlyList<SetTarget> targets, object? value)
    {
        if (targets.Count == 1)
        {
            targets[0].Assign(context, value);
            return;
        }
        List<object?> items = TemplateValues.Items(context, value);
        if (items.Count != targets.Count)
            throw context.Error($"{items.Count} values cannot be given to {targets.Count} names");
        for (int i = 0; i < items.Count; i++)
            targets[i].Assign(context, items[i]);
    }

    private void Assign(TemplateContext context, object? value)
    {
        if (Attribute is null)
            context.Scope.Set(Name, value);
        else if (context.Scope.Get(Name) is TemplateNamespace names)
            names[Attribute] = value;
        else
            throw context.Error($"'{Name}.{Attribute}' cannot be set: only a namespace() takes attributes");
    }
}

internal sealed class MacroStatement(int line, string name, IReadOnlyList<(string Name, Expression? Default)> parameters, Statement body) : Statement(line)
{
    protected override Flow Run(TemplateContext context)
    {
        TemplateScope outer = context.Scope;
        outer.Set(name, new TemplateFunction(name, (inner, arguments) => inner.Call(() => Expand(inner, outer, arguments))));
        return Flow.Next;
    }

    private string Expand(TemplateContext context, TemplateScope outer, TemplateArguments arguments)
    {
        var scope = new TemplateScope(outer);
        return context.Within(scope, () =>
        {
            for (int i = 0; i < parameters.Count; i++)
            {
                (string parameter, Expression? fallback) = parameters[i];
                object? value = arguments.Has(i, parameter)
                    ? arguments.Get(i, parameter)
                    : fallback is null ? new Undefined(parameter) : fallback.Evaluate(context);
                scope.Set(parameter, value);
            }
            return context.Capture(() => body.Execute(context));
        });
    }
}
