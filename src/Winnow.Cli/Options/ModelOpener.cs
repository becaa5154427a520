using System.CommandLine;
using Winnow.Formats.Hub;

namespace Winnow.Cli.Options;

/// <summary>Finds and loads the model that the user named.</summary>
internal static class ModelOpener
{
    /// <summary>Environment variable that names the model when no option does.</summary>
    public const string Variable = "WINNOW_MODEL";

    /// <summary>Path of the model; without a name, and as long as none was pulled, that of the model that comes with the program.</summary>
    /// <exception cref="WinnowException">The name fits nothing, or none was given though there are pulled models to choose from.</exception>
    public static string Locate(ParseResult arguments, CommonOptions common, Terminal terminal, string? positional = null)
    {
        string? named = positional ?? arguments.GetValue(common.Model) ?? terminal.Variable(Variable);
        return string.IsNullOrEmpty(named) ? Unnamed() : ModelLocator.Resolve(named);
    }

    /// <summary>Loads the model.</summary>
    /// <exception cref="WinnowException">The name fits nothing, or the model cannot be loaded.</exception>
    public static LanguageModel Load(ParseResult arguments, CommonOptions common, Terminal terminal) =>
        LanguageModel.Load(Locate(arguments, common, terminal), common.ReadModelOptions(arguments));

    private static string Unnamed()
    {
        IReadOnlyList<string> pulled = ModelLocator.ListNames();
        if (pulled.Count == 0 && File.Exists(NanoModelFile.Path))
            return NanoModelFile.Path;
        string have = pulled.Count > 0 ? $"pulled are {string.Join(", ", pulled.Take(5))}" : "fetch one with 'winnow pull owner/repo'";
        throw new WinnowException($"no model is named: give --model FILE or set the variable {Variable} ({have})");
    }
}
