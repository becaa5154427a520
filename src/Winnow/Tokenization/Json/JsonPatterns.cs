using System.Text;
using System.Text.RegularExpressions;

namespace Winnow.Tokenization.Json;

/// <summary>Patterns of <c>tokenizer.json</c> as .NET patterns.</summary>
internal static class JsonPatterns
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);

    /// <summary>Reads <c>{"Regex": …}</c> or <c>{"String": …}</c>.</summary>
    /// <exception cref="WinnowException">The pattern is none that .NET knows.</exception>
    public static Regex Read(JsonPart pattern)
    {
        if (pattern.Get("String") is { } literal)
            return Compile(pattern, Regex.Escape(literal.Text()));
        return Compile(pattern, WithAtomicGroups(pattern.Require("Regex").Text()));
    }

    /// <summary>Writes possessive quantifiers (<c>x?+</c>), which .NET lacks, as atomic groups (<c>(?>x?)</c>).</summary>
    public static string WithAtomicGroups(string pattern)
    {
        var result = new StringBuilder(pattern.Length + 16);
        var groups = new Stack<int>();
        int atom = -1;
        bool quantified = false;
        for (int i = 0; i < pattern.Length;)
        {
            if (pattern[i] == '+' && quantified)
            {
                result.Insert(atom, "(?>").Append(')');
                quantified = false;
                i++;
                continue;
            }
            int length = ElementLength(pattern, i);
            quantified = IsQuantifier(pattern[i]) && atom >= 0;
            if (pattern[i] == '(')
                groups.Push(result.Length);
            else if (pattern[i] == ')')
                atom = groups.TryPop(out int open) ? open : -1;
            else if (pattern[i] == '|')
                atom = -1;
            else if (!quantified)
                atom = result.Length;
            result.Append(pattern, i, length);
            i += length;
        }
        return result.ToString();
    }

    private static bool IsQuantifier(char letter) => letter is '?' or '*' or '+' or '{';

    private static int ElementLength(string pattern, int start)
    {
        int end = start + 1;
        switch (pattern[start])
        {
            case '\\' when start + 2 < pattern.Length && pattern[start + 1] is 'p' or 'P' && pattern[start + 2] == '{':
                end = pattern.IndexOf('}', start) + 1;
                break;
            case '\\':
                end = start + 2;
                break;
            case '{':
                end = pattern.IndexOf('}', start) + 1;
                break;
            case '(' when start + 1 < pattern.Length && pattern[start + 1] == '?':
                end = start + 2;
                break;
            case '[':
                end = ClassEnd(pattern, start + 1);
                break;
        }
        return Math.Clamp(end, start + 1, pattern.Length) - start;
    }

    /// <summary>The position behind a character class; a bracket that comes first in it is one of its characters.</summary>
    private static int ClassEnd(string pattern, int position)
    {
        if (position < pattern.Length && pattern[position] == '^')
            position++;
        if (position < pattern.Length && pattern[position] == ']')
            position++;
        while (position < pattern.Length && pattern[position] != ']')
            position += pattern[position] == '\\' ? 2 : 1;
        return position + 1;
    }

    private static Regex Compile(JsonPart part, string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, s_limit);
        }
        catch (ArgumentException error)
        {
            throw new WinnowException(part.Error($"is the pattern '{pattern}', which .NET cannot read: {error.Message}").Message, error);
        }
    }
}
