using System.Text.Json;
using Winnow.Tokenization.Models;
using Winnow.Tokenization.PreTokenization;

namespace Winnow.Tokenization.Json;

/// <summary>
/// Reads a folder with <c>tokenizer.json</c>. Microsoft.ML.Tokenizers has no reader for that file; the merging itself is still done by its BpeTokenizer.
/// </summary>
internal static class TokenizerJson
{
    private const long LargestFile = 256L << 20;

    /// <summary>The tokenizer of a folder.</summary>
    /// <exception cref="WinnowException">A file is missing, broken, or uses what is not supported.</exception>
    public static Tokenizer Read(string directory)
    {
        try
        {
            return Assemble(directory);
        }
        catch (InvalidOperationException error)
        {
            // The framework's reader says so when an escape gives half a surrogate pair.
            throw new WinnowException($"{directory} has a tokenizer file with text that is no Unicode: {error.Message}", error);
        }
    }

    private static PipelineTokenizer Assemble(string directory)
    {
        JsonPart root = ReadFile(Path.Combine(directory, "tokenizer.json"), required: true)!.Value;
        JsonSettings settings = JsonSettings.Read(directory);
        JsonPart model = root.Require("model");
        // Older files leave the type out; only byte-pair models have merges.
        string type = model.Get("type")?.Text() ?? (model.Get("merges") is null ? "Unigram" : "BPE");
        if (type is not ("BPE" or "Unigram"))
            throw model.Error($"is of type '{type}', which is not supported; supported are BPE and Unigram");
        JsonVocabulary pieces = JsonVocabulary.Read(root, model);
        PreTokenizer? preTokenizer = JsonPreTokenizers.Read(root.Get("pre_tokenizer"), out bool byteLevel);
        PieceAlphabet alphabet = JsonDecoders.Alphabet(root.Get("decoder"), byteLevel, out bool stripsLeadingSpace);
        var vocabulary = new Vocabulary(pieces.Texts, pieces.Kinds, alphabet);
        Dictionary<string, int> ids = vocabulary.Index();
        SpecialIds special = Special(pieces, ids, settings);
        JsonPostProcessor rule = JsonPostProcessor.Read(root.Get("post_processor"), vocabulary.Count) ?? Customary(special, settings);
        return new PipelineTokenizer(new TokenizerParts
        {
            Vocabulary = vocabulary,
            Special = special,
            AddedTokens = pieces.AddedTokens,
            Model = type == "BPE" ? BytePair(model, ids, byteLevel) : Unigram(model, pieces),
            Normalizer = JsonNormalizers.Read(root.Get("normalizer")),
            PreTokenizer = preTokenizer,
            Prefix = rule.Prefix,
            Suffix = rule.Suffix,
            StripsLeadingSpace = stripsLeadingSpace,
            ChatTemplate = settings.ChatTemplate,
        });
    }

    /// <summary>Parses a JSON file; null where an optional one is missing.</summary>
    public static JsonPart? ReadFile(string path, bool required)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            return required ? throw new WinnowException($"{path} does not exist; a model folder needs it") : null;
        if (file.Length > LargestFile)
            throw new WinnowException($"{path} has {file.Length >> 20} MiB; a tokenizer file has at most {LargestFile >> 20}");
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return new JsonPart(document.RootElement.Clone(), Path.GetFileName(path));
        }
        catch (JsonException error)
        {
            throw new WinnowException($"{path} is no valid JSON: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WinnowException($"{path} cannot be read: {error.Message}", error);
        }
    }

    private static BytePairModel BytePair(JsonPart model, Dictionary<string, int> ids, bool byteLevel)
    {
        foreach (string affix in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.Get(affix)?.Text() is { Length: > 0 } text)
                throw model.Error($"uses {affix} '{text}', which is not supported");
        }
        int? unknown = null;
        if (model.Get("unk_token")?.Text() is { } name)
            unknown = ids.TryGetValue(name, out int id) ? id : throw model.Error($"names the unk_token '{name}', which its vocabulary lacks");
        var options = new BytePairOptions(
            byteLevel, model.Flag("ignore_merges", false), !byteLevel && model.Flag("byte_fallback", false), unknown, model.Flag("fuse_unk", false));
        return new BytePairModel(ids, Merges(model.Require("merges"), ids), options);
    }

    private static List<(string Left, string Right)> Merges(JsonPart merges, Dictionary<string, int> ids)
    {
        if (merges.Element.ValueKind == JsonValueKind.Array && merges.Element.GetArrayLength() > 0 && merges.Element[0].ValueKind == JsonValueKind.String)
            return MergeTable.Parse([.. merges.Items().Select(line => line.Text())], ids);
        var pairs = new List<(string Left, string Right)>();
        foreach (JsonPart merge in merges.Items())
        {
            JsonPart[] sides = [.. merge.Items()];
            if (sides.Length != 2)
                throw merge.Error("is not two pieces");
            pairs.Add((sides[0].Text(), sides[1].Text()));
        }
        MergeTable.Validate(pairs, ids);
        return pairs;
    }

    private static UnigramModel Unigram(JsonPart model, JsonVocabulary pieces)
    {
        if (pieces.Scores.Count == 0)
            throw model.Error("is a unigram model without scores");
        int? unknown = model.Get("unk_id")?.Whole();
        if (unknown is int id && (id < 0 || id >= pieces.Texts.Count))
            throw model.Error($"has the unk_id {id}, which is outside its vocabulary of {pieces.Texts.Count} tokens");
        return new UnigramModel(pieces.Texts, pieces.Scores, pieces.Kinds, unknown);
    }

    private static SpecialIds Special(JsonVocabulary pieces, Dictionary<string, int> ids, JsonSettings settings)
    {
        int? Id(string name) => settings.Token(name) is { } text && ids.TryGetValue(text, out int id) ? id : null;
        return SpecialIds.From(new TokenizerData
        {
            Model = TokenizerModel.BytePair,
            Tokens = pieces.Texts,
            Kinds = pieces.Kinds,
            BosId = Id("bos_token"),
            EosId = Id("eos_token"),
            UnknownId = Id("unk_token"),
            PadId = Id("pad_token"),
        });
    }

    private static JsonPostProcessor Customary(SpecialIds special, JsonSettings settings) => new(
        settings.AddBos is true && special.Bos is int bos ? [bos] : [],
        settings.AddEos is true && special.Eos is int eos ? [eos] : []);
}
