using System.CommandLine;

namespace Winnow.Cli.Output;

/// <summary>The command as the user gave it, for pages that tell how their figures were made.</summary>
internal static class Recipe
{
    /// <summary>The words of the command. Of files that are named with where they lie, the name alone is left: the folders are nobody else's.</summary>
    public static string Of(ParseResult arguments) => "winnow " + string.Join(' ', arguments.Tokens.Select(token => Word(token.Value)));

    private static string Word(string word)
    {
        string shown = Path.IsPathRooted(word) || word.StartsWith("..", StringComparison.Ordinal) ? Path.GetFileName(word) : word;
        return shown.Any(character => char.IsWhiteSpace(character) || character is '(' or ')' or '"' or '\'' or '$' or '&' or '|' or ';')
            ? $"'{shown.Replace("'", "'\\''", StringComparison.Ordinal)}'" : shown;
    }
}
