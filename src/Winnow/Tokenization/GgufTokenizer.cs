using Winnow.Formats;

namespace Winnow.Tokenization;

/// <summary>Reads the <c>tokenizer.*</c> keys of a GGUF file.</summary>
internal static class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";

    /// <summary>The vocabulary as plain data.</summary>
    /// <exception cref="WinnowException">A key is missing, has the wrong type, or names a model that is unknown.</exception>
    public static TokenizerData Read(GgufMetadata metadata)
    {
        string model = metadata.GetString(Prefix + "model");
        string[] tokens = metadata.GetStrings(Prefix + "tokens");
        return new TokenizerData
        {
            Model = model switch
            {
                "gpt2" => TokenizerModel.BytePair,
                "llama" => TokenizerModel.SentencePiece,
                "t5" or "unigram" => TokenizerModel.Unigram,
                _ => throw new WinnowException($"the tokenizer model '{model}' ({Prefix}model) is not supported; supported are gpt2, llama, t5 and unigram"),
            },
            Tokens = tokens,
            Pre = metadata.GetStringOrDefault(Prefix + "pre"),
            Scores = metadata.TryGetNumbers(Prefix + "scores", out double[]? scores) ? Array.ConvertAll(scores, score => (float)score) : null,
            Kinds = metadata.TryGetIntegers(Prefix + "token_type", out long[]? kinds) ? Array.ConvertAll(kinds, Kind) : null,
            Merges = metadata.TryGetStrings(Prefix + "merges", out string[]? merges) ? merges : null,
            BosId = Id(metadata, "bos_token_id"),
            EosId = Id(metadata, "eos_token_id"),
            EotId = Id(metadata, "eot_token_id"),
            UnknownId = Id(metadata, "unknown_token_id"),
            PadId = Id(metadata, "padding_token_id"),
            AddBos = Flag(metadata, "add_bos_token"),
            AddEos = Flag(metadata, "add_eos_token"),
            AddSpacePrefix = Flag(metadata, "add_space_prefix"),
            RemoveExtraWhitespaces = Flag(metadata, "remove_extra_whitespaces") ?? false,
            PrecompiledCharsMap = metadata.TryGetIntegers(Prefix + "precompiled_charsmap", out long[]? map)
                ? Array.ConvertAll(map, value => unchecked((byte)value))
                : ReadOnlyMemory<byte>.Empty,
            ChatTemplate = metadata.GetStringOrDefault("tokenizer.chat_template"),
        };
    }

    /// <summary>Later kinds than those known here are treated as ordinary pieces.</summary>
    private static TokenKind Kind(long value) =>
        value is >= (int)TokenKind.Normal and <= (int)TokenKind.Byte ? (TokenKind)value : TokenKind.Normal;

    private static int? Id(GgufMetadata metadata, string key)
    {
        if (!metadata.ContainsKey(Prefix + key))
            return null;
        long id = metadata.GetInteger(Prefix + key);
        // All ones marks "none" in files of some converters.
        return id is -1 or uint.MaxValue ? null : (int)Math.Clamp(id, -1, int.MaxValue);
    }

    private static bool? Flag(GgufMetadata metadata, string key) => metadata.ContainsKey(Prefix + key) ? metadata.GetBool(Prefix + key) : null;
}
