using System.Text;
using System.Text.RegularExpressions;
using Winnow.Formats;
using Winnow.Tokenization;

namespace Winnow.Training.Nano;

/// <summary>
/// The vocabulary of the nano language: a byte-level byte-pair vocabulary in which every common word of the language, with and without the space before it,
/// is one token, every digit is one (with its own token where a space precedes), and everything else is spelt in pieces down to bytes.
/// It is read by the pre-tokenizer <c>llama-bpe</c>, which looks for whole words before it merges.
/// </summary>
public sealed partial class NanoVocabulary
{
    /// <summary>Most tokens.</summary>
    public const int MaxTokens = 2048;

    private const int Documents = 4000;
    private const int LeastCount = 12;
    private const int Merges = 160;
    private const string SpaceLetter = "Ġ";

    private static readonly string[] s_signals = ["<|endoftext|>", "<|start|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"];
    private static readonly Lazy<NanoVocabulary> s_default = new(() => Train(0));

    private readonly string[] _tokens;
    private readonly string[] _merges;

    private NanoVocabulary(string[] tokens, string[] merges)
    {
        (_tokens, _merges) = (tokens, merges);
        Tokenizer = TokenizerFactory.Create(Data());
    }

    /// <summary>The vocabulary that the shipped model has.</summary>
    public static NanoVocabulary Default => s_default.Value;

    /// <summary>Text to tokens and back, by the engine's own code: what a model learns is what it will be given.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Number of tokens.</summary>
    public int Size => _tokens.Length;

    /// <summary>Token that ends a text and fills rows.</summary>
    public int EndId => 0;

    /// <summary>Token that begins a text.</summary>
    public int StartId => 1;

    /// <summary>Learns the vocabulary from text of the generator.</summary>
    /// <param name="seed">Seed of the text.</param>
    public static NanoVocabulary Train(int seed)
    {
        var words = new Dictionary<string, int>(StringComparer.Ordinal);
        var builder = new NanoDocumentBuilder(text => Words().Count(text));
        for (int i = 0; i < Documents; i++)
        {
            NanoRandom random = NanoRandom.For(seed, -1 - i);
            NanoStyle style = (NanoStyle)random.Next(3);
            NanoDraft draft = builder.Draft(new NanoRequest(NanoTasks.Mix[i % NanoTasks.Mix.Count].Task, 300, style), random);
            string text = string.Concat(NanoDocumentBuilder.Write(draft, style, random).Select(piece => piece.Text));
            foreach (Match word in Words().Matches(Signals().Replace(text, "\n")))
                words[word.Value] = words.GetValueOrDefault(word.Value) + 1;
        }

        // A name may begin a turn, without a space and seldom: spelt in pieces there, it is not learnt.
        foreach (string name in NanoWords.Names)
            words[name] = words.GetValueOrDefault(name) + LeastCount;
        List<string> merges = LearnMerges(words);
        List<string> tokens = [.. s_signals, .. ByteLetters()];
        tokens.AddRange(Enumerable.Range(0, 10).Select(digit => $" {digit}"));
        tokens.AddRange(merges.Select(merge => merge.Replace(" ", "", StringComparison.Ordinal)));
        HashSet<string> have = [.. tokens];
        IEnumerable<string> whole = words.Where(word => word.Value >= LeastCount).OrderByDescending(word => word.Value)
            .ThenBy(word => word.Key, StringComparer.Ordinal).Select(word => word.Key.Replace(" ", SpaceLetter, StringComparison.Ordinal));
        tokens.AddRange(whole.Where(have.Add).Take(MaxTokens - tokens.Count));
        return new NanoVocabulary([.. tokens], [.. merges]);
    }

    /// <summary>Reads the vocabulary that <see cref="AddTo"/> wrote.</summary>
    /// <exception cref="WinnowException">The file holds none.</exception>
    public static NanoVocabulary Read(GgufMetadata metadata) =>
        new(metadata.GetStrings("tokenizer.ggml.tokens"), metadata.GetStrings("tokenizer.ggml.merges"));

    /// <summary>Tokens of a text.</summary>
    public int Count(string text) => Tokenizer.Encode(text).Count;

    /// <summary>Pairs of tokens that are spelt alike but for a space before or a capital, as pairs of ids: the plain one follows its kin.</summary>
    internal IEnumerable<(int Id, int Kin)> Kin()
    {
        Dictionary<string, int> ids = [];
        for (int id = 0; id < _tokens.Length; id++)
            ids.TryAdd(Tokenizer.IsControl(id) ? _tokens[id] : Encoding.UTF8.GetString(Tokenizer.TokenBytes(id)), id);
        foreach ((string text, int id) in ids)
        {
            if (!text.StartsWith(' ') && ids.TryGetValue(" " + text, out int spaced))
                yield return (id, spaced);
            else if (text.Length > 2 && char.IsUpper(text[1]) && ids.TryGetValue(" " + char.ToLowerInvariant(text[1]) + text[2..], out int lower))
                yield return (id, lower);
        }
    }

    /// <summary>Adds the vocabulary to a GGUF file.</summary>
    internal void AddTo(GgufWriter writer)
    {
        TokenizerData data = Data();
        writer.Add("tokenizer.ggml.model", "gpt2")
            .Add("tokenizer.ggml.pre", data.Pre!)
            .Add("tokenizer.ggml.tokens", _tokens)
            .Add("tokenizer.ggml.token_type", data.Kinds!.Select(kind => (int)kind).ToArray())
            .Add("tokenizer.ggml.merges", _merges)
            .Add("tokenizer.ggml.bos_token_id", (uint)StartId)
            .Add("tokenizer.ggml.eos_token_id", (uint)EndId)
            .Add("tokenizer.ggml.eot_token_id", (uint)data.EotId!)
            .Add("tokenizer.ggml.padding_token_id", (uint)EndId)
            .Add("tokenizer.ggml.add_bos_token", true)
            .Add("tokenizer.chat_template", data.ChatTemplate!);
    }

    private TokenizerData Data() => new()
    {
        Model = TokenizerModel.BytePair,
        Pre = "llama-bpe",
        Tokens = _tokens,
        Kinds = [.. _tokens.Select((token, id) => id < s_signals.Length ? TokenKind.Control : token.StartsWith(' ') ? TokenKind.UserDefined : TokenKind.Normal)],
        Merges = _merges,
        BosId = StartId,
        EosId = EndId,
        EotId = Array.IndexOf(s_signals, "<|end|>"),
        PadId = EndId,
        AddBos = true,
        ChatTemplate =
            "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] | trim + '<|end|>' }}{% endfor %}"
            + "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}",
    };

    /// <summary>Byte-pair merges (Sennrich et al., 2016) over the different words: they serve words that are not whole, so how often one stands is no matter.</summary>
    private static List<string> LearnMerges(Dictionary<string, int> words)
    {
        List<string[]> spelt = [.. words.Keys.Order(StringComparer.Ordinal)
            .Select(word => word.Replace(" ", SpaceLetter, StringComparison.Ordinal).Select(letter => letter.ToString()).ToArray())];
        var merges = new List<string>();
        while (merges.Count < Merges)
        {
            (string Left, string Right) best = spelt.SelectMany(word => word.Zip(word.Skip(1))).GroupBy(pair => pair)
                .OrderByDescending(pair => pair.Count()).ThenBy(pair => pair.Key.First, StringComparer.Ordinal)
                .ThenBy(pair => pair.Key.Second, StringComparer.Ordinal).First().Key;
            merges.Add($"{best.Left} {best.Right}");
            for (int i = 0; i < spelt.Count; i++)
                spelt[i] = Merged(spelt[i], best);
        }

        return merges;
    }

    private static string[] Merged(string[] word, (string Left, string Right) pair)
    {
        var result = new List<string>(word.Length);
        for (int i = 0; i < word.Length; i++)
        {
            bool joins = i + 1 < word.Length && word[i] == pair.Left && word[i + 1] == pair.Right;
            result.Add(joins ? word[i] + word[++i] : word[i]);
        }

        return [.. result];
    }

    /// <summary>One letter for each byte, the table of GPT-2: printable characters stand for themselves, the others begin at U+0100.</summary>
    private static IEnumerable<string> ByteLetters()
    {
        int others = 0;
        for (int value = 0; value < 256; value++)
        {
            bool plain = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            yield return ((char)(plain ? value : 0x100 + others++)).ToString();
        }
    }

    [GeneratedRegex(" ?(?:[A-Za-z]+|[^A-Za-z0-9\\s]+)")]
    private static partial Regex Words();

    [GeneratedRegex("<\\|[a-z]+\\|>")]
    private static partial Regex Signals();
}
