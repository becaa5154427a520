namespace Winnow.Tokenization.Templates;

/// <summary><c>for … in … if … else</c>.</summary>
internal sealed class ForStatement(
    int line, IReadOnlyList<SetTarget> targets, Expression source, Expression? condition, Statement body, Statement? otherwise) : Statement(line)
{
    protected override Flow Run(TemplateContext context)
    {
        List<object?> items = TemplateValues.Items(context, source.Evaluate(context));
        if (condition is not null)
            items = [.. items.Where(item => Accepts(context, item))];
        if (items.Count == 0)
            return otherwise?.Execute(context) ?? Flow.Next;
        for (int i = 0; i < items.Count; i++)
        {
            var scope = new TemplateScope(context.Scope);
            int index = i;
            Flow flow = context.Within(scope, () =>
            {
                SetTarget.Assign(context, targets, items[index]);
                scope.Set("loop", State(items, index));
                return body.Execute(context);
            });
            if (flow == Flow.Break)
                break;
        }
        return Flow.Next;
    }

    private bool Accepts(TemplateContext context, object? item) => context.Within(new TemplateScope(context.Scope), () =>
    {
        SetTarget.Assign(context, targets, item);
        return TemplateValues.IsTrue(condition!.Evaluate(context));
    });

    private static TemplateMap State(List<object?> items, int index)
    {
        int count = items.Count;
        return new TemplateMap
        {
            ["index"] = index + 1L,
            ["index0"] = (long)index,
            ["revindex"] = (long)(count - index),
            ["revindex0"] = (long)(count - index - 1),
            ["first"] = index == 0,
            ["last"] = index == count - 1,
            ["length"] = (long)count,
            ["previtem"] = index > 0 ? items[index - 1] : new Undefined("loop.previtem"),
            ["nextitem"] = index + 1 < count ? items[index + 1] : new Undefined("loop.nextitem"),
            ["cycle"] = new TemplateFunction("cycle", (context, arguments) => arguments.Positional.Count == 0
                ? throw context.Error("cycle() needs values")
                : arguments.Positional[index % arguments.Positional.Count]),
        };
    }
}
