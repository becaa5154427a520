using System.Text.RegularExpressions;
using Winnow.Tokenization.PreTokenization;

namespace Winnow.Tokenization.Json;

/// <summary>Reads <c>pre_tokenizer</c>.</summary>
internal static partial class JsonPreTokenizers
{
    /// <summary>The steps in order; <paramref name="byteLevel"/> tells whether words are then spelt in the byte-level alphabet.</summary>
    /// <exception cref="WinnowException">A kind is not supported.</exception>
    public static PreTokenizer? Read(JsonPart? part, out bool byteLevel)
    {
        byteLevel = false;
        if (part is null)
            return null;
        var steps = new List<PreTokenizerStep>();
        foreach (JsonPart one in part.Value.Flattened("pretokenizers"))
        {
            if (byteLevel)
                throw one.Error("follows 'ByteLevel', which has to be the last pre-tokenizer");
            byteLevel = one.Type == "ByteLevel";
            steps.AddRange(ReadOne(one));
        }
        return new PreTokenizer(steps);
    }

    private static IEnumerable<PreTokenizerStep> ReadOne(JsonPart part)
    {
        switch (part.Type)
        {
            case "ByteLevel":
                return ByteLevel(part);
            case "Split":
                return [new RegexStep(JsonPatterns.Read(part.Require("pattern")), Behaviour(part), part.Flag("invert", false))];
            case "Digits":
                return [new RegexStep(part.Flag("individual_digits", false) ? NamedPreTokenizers.SingleNumber() : NamedPreTokenizers.Numbers())];
            case "Metaspace":
                return [Metaspace(part)];
            case "Whitespace":
                return [new RegexStep(WordsAndSigns(), SplitBehaviour.Removed, invert: true)];
            case "WhitespaceSplit":
                return [new RegexStep(Spaces(), SplitBehaviour.Removed)];
            case "Punctuation":
                return [new RegexStep(Punctuation(), part.Get("behavior") is null ? SplitBehaviour.Isolated : Behaviour(part))];
            default:
                throw part.Unsupported("pre-tokenizer");
        }
    }

    private static IEnumerable<PreTokenizerStep> ByteLevel(JsonPart part)
    {
        if (part.Flag("add_prefix_space", true))
            yield return new PrefixSpaceStep();
        if (part.Flag("use_regex", true))
            yield return new RegexStep(NamedPreTokenizers.Gpt2());
    }

    private static MetaspaceStep Metaspace(JsonPart part)
    {
        string mark = part.Get("replacement")?.Text() ?? "▁";
        if (mark.Length == 0)
            throw part.Error("has an empty 'replacement'");
        string scheme = part.Get("prepend_scheme")?.Text() ?? (part.Flag("add_prefix_space", true) ? "always" : "never");
        PrependScheme when = scheme switch
        {
            "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            _ => throw part.Error($"has the prepend_scheme '{scheme}'; known are always, first and never"),
        };
        return new MetaspaceStep(mark, when, part.Flag("split", true));
    }

    private static SplitBehaviour Behaviour(JsonPart part)
    {
        string name = part.Require("behavior").Text();
        return Enum.TryParse(name, out SplitBehaviour behaviour) && Enum.IsDefined(behaviour)
            ? behaviour
            : throw part.Error($"has the behavior '{name}'; known are {string.Join(", ", Enum.GetNames<SplitBehaviour>())}");
    }

    [GeneratedRegex(@"\w+|[^\w\s]+", RegexOptions.CultureInvariant)]
    private static partial Regex WordsAndSigns();

    [GeneratedRegex(@"\s", RegexOptions.CultureInvariant)]
    private static partial Regex Spaces();

    [GeneratedRegex(@"[\p{P}$+<=>^`|~]", RegexOptions.CultureInvariant)]
    private static partial Regex Punctuation();
}
