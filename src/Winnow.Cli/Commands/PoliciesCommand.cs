using System.CommandLine;
using Spectre.Console;
using Winnow.Caching;
using Winnow.Cli.Options;
using Winnow.Cli.Output;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow policies</c>: the catalogue, and for people the wrappers after it.</summary>
internal sealed class PoliciesCommand : WinnowCommand
{
    private readonly CommonOptions _common;

    public PoliciesCommand(Terminal terminal, CommonOptions common)
        : base("policies", "Lists the cache policies, their options and what they work with.", terminal)
    {
        _common = common;
        Add(common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("what there is", "winnow policies"),
        new("names alone, for a script", "winnow policies --json | jq -r '.[].name'"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        IReadOnlyList<PolicyJson> policies = [.. PolicyCatalogue.All.Select(Describe)];
        if (arguments.GetValue(_common.Json))
            JsonOutput.Write(Terminal, policies, context => context.IReadOnlyListPolicyJson);
        else
            Print(policies);
        return ExitCodes.Success;
    }

    private static PolicyJson Describe(PolicyDescriptor policy) => new(
        policy.Name,
        policy.Summary,
        policy.Paper,
        [.. policy.Options.Select(option => new PolicyOptionJson(option.Name, option.Default, option.Help))],
        policy.Create(new PolicyArguments(policy.Name, new Dictionary<string, string>(), Budget.Parse(CommonOptions.DefaultKeep))).Needs.Describe(),
        CacheNames.Of(policy.Survives));

    private void Print(IReadOnlyList<PolicyJson> policies)
    {
        IAnsiConsole console = Terminal.OutConsole();
        foreach (PolicyJson policy in policies)
        {
            Grid grid = Columns();
            grid.AddRow("paper", Markup.Escape(policy.Paper));
            grid.AddRow("needs", policy.Needs.Count == 0 ? "nothing" : Markup.Escape(string.Join(", ", policy.Needs)));
            grid.AddRow("survives", Markup.Escape(string.Join(", ", policy.Survives)));
            AddOptions(grid, policy.Options.Select(option => $"{option.Name}={option.Default}  {option.Help}"));
            console.MarkupLineInterpolated($"[bold green]{policy.Name}[/]  {policy.Summary}");
            console.Write(grid);
            console.WriteLine();
        }

        foreach (PolicyWrapper wrapper in PolicyCatalogue.Wrappers)
            Print(console, wrapper);
    }

    private static void Print(IAnsiConsole console, PolicyWrapper wrapper)
    {
        Grid grid = Columns();
        grid.AddRow("paper", Markup.Escape(wrapper.Paper));
        grid.AddRow("wraps", Markup.Escape(string.Join(", ", PolicyCatalogue.All.Where(policy => policy.Scores).Select(policy => policy.Name))));
        AddOptions(grid, wrapper.Options.Select(option => $"{option.Name}={option.Default}  {option.Help}"));
        console.MarkupLineInterpolated($"[bold green]{wrapper.Name}(…)[/]  {wrapper.Summary}");
        console.Write(grid);
        console.WriteLine();
    }

    private static Grid Columns() => new Grid().AddColumn(new GridColumn { NoWrap = true, Width = 10, Padding = new Padding(2, 0, 0, 0) }).AddColumn();

    private static void AddOptions(Grid grid, IEnumerable<string> options)
    {
        string head = "options";
        foreach (string option in options)
        {
            grid.AddRow(head, Markup.Escape(option));
            head = "";
        }
    }
}
