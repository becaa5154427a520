using System.CommandLine;
using Winnow.Formats.Hub;

namespace Winnow.Cli.Options;

/// <summary>Finds and loads the model that the user named.</summary>
internal static class ModelOpener
{
    /// <summary>Environment variable that names the model when no option does.</summary>
    public const string Variable = "WINNOW_MODEL";

    /// <summary>Path of the model.</summary>
    /// <exception cref="WinnowException">None was named, or the name fits nothing.</exception>
    public static string Locate(ParseResult arguments, CommonOptions common, Terminal terminal, string? positional = null)
    {
        string? named = positional ?? arguments.GetValue(common.Model) ?? terminal.Variable(Variable);
        return string.IsNullOrEmpty(named) ? throw NoneNamed() : ModelLocator.Resolve(named);
    }

    /// <summary>Loads the model.</summary>
    /// <exception cref="WinnowException">None was named, or it cannot be loaded.</exception>
    public static LanguageModel Load(ParseResult arguments, CommonOptions common, Terminal terminal) =>
        LanguageModel.Load(Locate(arguments, common, terminal), common.ReadModelOptions(arguments));

    private static WinnowException NoneNamed()
    {
        IReadOnlyList<string> pulled = ModelLocator.ListNames();
        string have = pulled.Count > 0 ? $"pulled are {string.Join(", ", pulled.Take(5))}" : "fetch one with 'winnow pull owner/repo'";
        return new WinnowException($"no model is named: give --model FILE or set the variable {Variable} ({have})");
    }
}
