using System.Text.RegularExpressions;

namespace Winnow.Tokenization.PreTokenization;

/// <summary>
/// The pre-tokenizers that GGUF files name in <c>tokenizer.ggml.pre</c>. The patterns are those the models were trained with; several patterns cut
/// one after the other.
/// </summary>
internal static partial class NamedPreTokenizers
{
    private static readonly Dictionary<string, Recipe> s_recipes = Recipes();

    /// <summary>How a named pre-tokenizer works.</summary>
    /// <param name="Patterns">Makes the expressions, applied in order; a start makes those of one name only.</param>
    /// <param name="WholeWordsFirst">Words of the vocabulary are taken before any merge.</param>
    /// <param name="AddsBos">Whether a text opens with BOS where the file does not say.</param>
    public sealed record Recipe(Func<Regex[]> Patterns, bool WholeWordsFirst = false, bool AddsBos = false)
    {
        /// <summary>The steps of the pre-tokenizer.</summary>
        public PreTokenizer Create() => new(Array.ConvertAll(Patterns(), static pattern => new RegexStep(pattern)));
    }

    /// <summary>Finds a recipe; a file without a name gets <c>default</c>.</summary>
    /// <exception cref="WinnowException">The name is unknown.</exception>
    public static Recipe Find(string? name)
    {
        if (s_recipes.TryGetValue(string.IsNullOrEmpty(name) ? "default" : name, out Recipe? recipe))
            return recipe;
        throw new WinnowException($"the pre-tokenizer '{name}' is unknown; known are {string.Join(", ", s_recipes.Keys.Order(StringComparer.Ordinal))}");
    }

    private static Dictionary<string, Recipe> Recipes()
    {
        var recipes = new Dictionary<string, Recipe>(StringComparer.Ordinal);
        void Add(Recipe recipe, params ReadOnlySpan<string> names)
        {
            foreach (string name in names)
                recipes.Add(name, recipe);
        }

        Add(new Recipe(static () => [Punctuation(), Gpt2(), Numbers(), ThreeDigits()]), "default");
        Add(new Recipe(static () => [Gpt2()]), "gpt-2", "gpt2", "gpt-neox", "phi-2", "mpt", "olmo", "jais", "roberta-bpe", "gigachat", "trillion", "jina-es",
            "jina-de", "jina-v1-en", "jina-v2-es", "jina-v2-de", "jina-v2-code", "a.x-4.0", "mellum");
        Add(new Recipe(static () => [SingleNumber(), Gpt2()]), "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b");
        Add(new Recipe(static () => [Llama3()], WholeWordsFirst: true, AddsBos: true), "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral",
            "lfm2");
        Add(new Recipe(static () => [Llama3()]), "dbrx", "smaug-bpe", "chatglm-bpe", "glm4");
        Add(new Recipe(static () => [Qwen2()]), "qwen2", "stablelm2", "deepseek-r1-qwen", "megrez", "hunyuan");
        Add(new Recipe(static () => [LineBreak(), SpacedLetters(), SpacedPunctuation(), CjkRun(), SingleNumber()]), "deepseek-coder");
        Add(new Recipe(static () => [UpToThreeNumbers(), CjkKanaRun(), DeepSeekV3()]), "deepseek-v3", "deepseek-r1");
        Add(new Recipe(static () => [FalconPunctuation(), Gpt2(), ThreeDigits()]), "falcon");
        Add(new Recipe(static () => [Bloom()]), "bloom", "gpt3-finnish", "poro-chat");
        Add(new Recipe(static () => [Bloom(), SingleNumber()]), "viking");
        Add(new Recipe(static () => [Tekken()], WholeWordsFirst: true), "tekken");
        Add(new Recipe(static () => [Gpt4o()]), "gpt-4o", "llama4", "o200k");
        return recipes;
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    internal static partial Regex Gpt2();

    [GeneratedRegex(@"\p{N}", RegexOptions.CultureInvariant)]
    internal static partial Regex SingleNumber();

    [GeneratedRegex(@"\p{N}+", RegexOptions.CultureInvariant)]
    internal static partial Regex Numbers();

    [GeneratedRegex(@"[0-9][0-9][0-9]", RegexOptions.CultureInvariant)]
    private static partial Regex ThreeDigits();

    [GeneratedRegex(@"[\p{P}$+<=>^~|]+", RegexOptions.CultureInvariant)]
    private static partial Regex Punctuation();

    [GeneratedRegex(@"[\p{P}$+<=>^~|`]+", RegexOptions.CultureInvariant)]
    private static partial Regex FalconPunctuation();

    [GeneratedRegex(
        @"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        RegexOptions.CultureInvariant)]
    private static partial Regex Llama3();

    [GeneratedRegex(
        @"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        RegexOptions.CultureInvariant)]
    private static partial Regex Qwen2();

    [GeneratedRegex(@"[\r\n]", RegexOptions.CultureInvariant)]
    private static partial Regex LineBreak();

    [GeneratedRegex(@"\s?\p{L}+", RegexOptions.CultureInvariant)]
    private static partial Regex SpacedLetters();

    [GeneratedRegex(@"\s?\p{P}+", RegexOptions.CultureInvariant)]
    private static partial Regex SpacedPunctuation();

    [GeneratedRegex("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+", RegexOptions.CultureInvariant)]
    private static partial Regex CjkRun();

    [GeneratedRegex(@"\p{N}{1,3}", RegexOptions.CultureInvariant)]
    private static partial Regex UpToThreeNumbers();

    [GeneratedRegex("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+", RegexOptions.CultureInvariant)]
    private static partial Regex CjkKanaRun();

    [GeneratedRegex(
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        RegexOptions.CultureInvariant)]
    private static partial Regex DeepSeekV3();

    [GeneratedRegex(@" ?[^(\s|.,!?…。，、।۔،)]+", RegexOptions.CultureInvariant)]
    private static partial Regex Bloom();

    [GeneratedRegex(
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|" +
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|" +
        @"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        RegexOptions.CultureInvariant)]
    private static partial Regex Tekken();

    [GeneratedRegex(
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|" +
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|" +
        @"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        RegexOptions.CultureInvariant)]
    private static partial Regex Gpt4o();
}
