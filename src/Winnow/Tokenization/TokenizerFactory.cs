using Winnow.Formats;
using Winnow.Tokenization.Json;
using Winnow.Tokenization.Models;
using Winnow.Tokenization.Normalization;
using Winnow.Tokenization.PreTokenization;

namespace Winnow.Tokenization;

/// <summary>Makes tokenizers from what model files hold.</summary>
public static class TokenizerFactory
{
    /// <summary>Makes a tokenizer of plain data.</summary>
    /// <exception cref="WinnowException">The data is incomplete or contradicts itself, or its pre-tokenizer is unknown.</exception>
    public static Tokenizer Create(TokenizerData data) => data.Model switch
    {
        TokenizerModel.BytePair => CreateBytePair(data),
        TokenizerModel.SentencePiece => CreateSentencePiece(data),
        TokenizerModel.Unigram => CreateUnigram(data),
        _ => throw new WinnowException($"the tokenizer model {data.Model} is unknown; known are {string.Join(", ", Enum.GetNames<TokenizerModel>())}"),
    };

    /// <summary>Makes the tokenizer of a GGUF file.</summary>
    /// <exception cref="WinnowException">The file holds no tokenizer, or one that is broken or unknown.</exception>
    public static Tokenizer FromGguf(GgufFile file) => Create(GgufTokenizer.Read(file.Metadata));

    /// <summary>
    /// Makes the tokenizer of a folder that holds <c>tokenizer.json</c>, and beside it, where there are such, <c>tokenizer_config.json</c>,
    /// <c>special_tokens_map.json</c> and <c>chat_template.jinja</c>.
    /// </summary>
    /// <exception cref="WinnowException">A file is missing, broken, or uses what is not supported; the message names it.</exception>
    public static Tokenizer FromJson(string directory) => TokenizerJson.Read(directory);

    /// <summary>Makes the tokenizer of an open checkpoint: from a GGUF file itself, otherwise from the folder of the safetensors.</summary>
    /// <exception cref="WinnowException">There is no tokenizer, or one that is broken or unknown.</exception>
    public static Tokenizer FromCheckpoint(Checkpoint checkpoint) => checkpoint is GgufFile gguf
        ? FromGguf(gguf)
        : FromJson(Directory.Exists(checkpoint.Path) ? checkpoint.Path : Path.GetDirectoryName(Path.GetFullPath(checkpoint.Path))!);

    private static PipelineTokenizer CreateBytePair(TokenizerData data)
    {
        NamedPreTokenizers.Recipe recipe = NamedPreTokenizers.Find(data.Pre);
        if (data.Merges is null)
            throw new WinnowException("the tokenizer is byte-pair but has no merges (tokenizer.ggml.merges); the file is broken");
        var vocabulary = new Vocabulary(data.Tokens, data.Kinds, PieceAlphabet.ByteLevel);
        Dictionary<string, int> ids = vocabulary.Index();
        var options = new BytePairOptions(ByteLevel: true, WholeWordsFirst: recipe.WholeWordsFirst);
        var model = new BytePairModel(ids, MergeTable.Parse(data.Merges, ids), options);
        bool spacePrefix = data.AddSpacePrefix is true;
        return new PipelineTokenizer(Assemble(data, vocabulary, model, recipe.AddsBos) with
        {
            PreTokenizer = recipe.Create(),
            Normalizer = spacePrefix ? new PrefixNormalizer(" ") : null,
            StripsLeadingSpace = spacePrefix,
        });
    }

    private static PipelineTokenizer CreateSentencePiece(TokenizerData data)
    {
        RequireScores(data);
        data = WithCustomaryIds(data);
        var vocabulary = new Vocabulary(data.Tokens, data.Kinds, PieceAlphabet.Metaspace);
        bool spacePrefix = data.AddSpacePrefix ?? true;
        var model = new SentencePieceModel(data.Tokens, data.Scores!, data.Kinds, data.UnknownId);
        return new PipelineTokenizer(Assemble(data, vocabulary, model, addsBos: true) with
        {
            Normalizer = Normalizer(data, spacePrefix),
            StripsLeadingSpace = spacePrefix,
        });
    }

    private static PipelineTokenizer CreateUnigram(TokenizerData data)
    {
        RequireScores(data);
        var vocabulary = new Vocabulary(data.Tokens, data.Kinds, PieceAlphabet.Metaspace);
        bool spacePrefix = data.AddSpacePrefix ?? true;
        var model = new UnigramModel(data.Tokens, data.Scores!, data.Kinds, data.UnknownId);
        return new PipelineTokenizer(Assemble(data, vocabulary, model, addsBos: false) with
        {
            Normalizer = Normalizer(data, spacePrefix),
            StripsLeadingSpace = spacePrefix,
        });
    }

    private static SentencePieceNormalizer Normalizer(TokenizerData data, bool spacePrefix) =>
        new(new SentencePieceRules(data.PrecompiledCharsMap, spacePrefix, data.RemoveExtraWhitespaces, EscapeWhitespaces: true));

    private static TokenizerParts Assemble(TokenizerData data, Vocabulary vocabulary, WordModel model, bool addsBos)
    {
        SpecialIds special = SpecialIds.From(data);
        return new TokenizerParts
        {
            Vocabulary = vocabulary,
            Special = special,
            AddedTokens = AddedTokens(data),
            Model = model,
            Prefix = (data.AddBos ?? addsBos) && special.Bos is int bos ? [bos] : [],
            Suffix = data.AddEos is true && special.Eos is int eos ? [eos] : [],
            ChatTemplate = data.ChatTemplate,
        };
    }

    private static List<AddedToken> AddedTokens(TokenizerData data)
    {
        var added = new List<AddedToken>();
        for (int id = 0; id < data.Tokens.Count && data.Kinds is not null; id++)
        {
            if (data.Kinds[id] is TokenKind.Control or TokenKind.Unknown or TokenKind.UserDefined)
                added.Add(new AddedToken(data.Tokens[id], id, IsControl: data.Kinds[id] is not TokenKind.UserDefined));
        }
        return added;
    }

    /// <summary>SentencePiece puts unknown, BOS and EOS first; files that follow the custom often leave the ids out.</summary>
    private static TokenizerData WithCustomaryIds(TokenizerData data)
    {
        int? Customary(int id) => data.Kinds is not null && id < data.Kinds.Count && data.Kinds[id] is TokenKind.Control or TokenKind.Unknown ? id : null;
        return data with { UnknownId = data.UnknownId ?? Customary(0), BosId = data.BosId ?? Customary(1), EosId = data.EosId ?? Customary(2) };
    }

    private static void RequireScores(TokenizerData data)
    {
        int count = data.Scores?.Count ?? 0;
        if (count != data.Tokens.Count)
            throw new WinnowException($"the tokenizer has {data.Tokens.Count} tokens but {count} scores (tokenizer.ggml.scores); the file is broken");
    }
}
