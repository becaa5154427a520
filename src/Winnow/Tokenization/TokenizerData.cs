namespace Winnow.Tokenization;

/// <summary>How a vocabulary turns a word into tokens.</summary>
public enum TokenizerModel
{
    /// <summary>Byte-level byte-pair encoding with ranked merges, as of GPT-2 (Sennrich et al., 2016; Radford et al., 2019).</summary>
    BytePair,

    /// <summary>SentencePiece byte-pair encoding: the score of the merged piece is its priority (Kudo and Richardson, 2018).</summary>
    SentencePiece,

    /// <summary>SentencePiece unigram: the segmentation with the highest sum of scores (Kudo, 2018).</summary>
    Unigram,
}

/// <summary>What a vocabulary entry is for. The numbers are those of <c>tokenizer.ggml.token_type</c>.</summary>
public enum TokenKind
{
    /// <summary>An ordinary piece of text.</summary>
    Normal = 1,

    /// <summary>Stands for text the vocabulary cannot spell.</summary>
    Unknown = 2,

    /// <summary>A signal to the model that is no text, such as the end of a turn.</summary>
    Control = 3,

    /// <summary>A piece of text that is always kept whole.</summary>
    UserDefined = 4,

    /// <summary>A reserved entry that encoding never gives.</summary>
    Unused = 5,

    /// <summary>One raw byte, written <c>&lt;0xNN&gt;</c>.</summary>
    Byte = 6,
}

/// <summary>A vocabulary as plain data, whatever file it came from; <see cref="TokenizerFactory.Create"/> makes a tokenizer of it.</summary>
public sealed record TokenizerData
{
    /// <summary>How words become tokens.</summary>
    public required TokenizerModel Model { get; init; }

    /// <summary>Every piece; the index is the token id.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Name of the pre-tokenizer (<c>tokenizer.ggml.pre</c>); only byte-pair vocabularies have one. Null means <c>default</c>.</summary>
    public string? Pre { get; init; }

    /// <summary>Scores, one a token; needed by <see cref="TokenizerModel.SentencePiece"/> and <see cref="TokenizerModel.Unigram"/>.</summary>
    public IReadOnlyList<float>? Scores { get; init; }

    /// <summary>Kinds, one a token; null means that every token is <see cref="TokenKind.Normal"/>.</summary>
    public IReadOnlyList<TokenKind>? Kinds { get; init; }

    /// <summary>Merges, best first, each "left right"; needed by <see cref="TokenizerModel.BytePair"/>.</summary>
    public IReadOnlyList<string>? Merges { get; init; }

    /// <summary>Id of the token that opens a text.</summary>
    public int? BosId { get; init; }

    /// <summary>Id of the token that ends a text.</summary>
    public int? EosId { get; init; }

    /// <summary>Id of the token that ends a turn, where it differs from <see cref="EosId"/>.</summary>
    public int? EotId { get; init; }

    /// <summary>Id for text that the vocabulary cannot spell.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Id of the padding token.</summary>
    public int? PadId { get; init; }

    /// <summary>Whether a text opens with BOS; null means the model kind's custom.</summary>
    public bool? AddBos { get; init; }

    /// <summary>Whether a text ends with EOS; null means the model kind's custom.</summary>
    public bool? AddEos { get; init; }

    /// <summary>Whether a space is put before a text; null means the model kind's custom.</summary>
    public bool? AddSpacePrefix { get; init; }

    /// <summary>Whether runs of spaces become one and those at the ends go, as T5 does.</summary>
    public bool RemoveExtraWhitespaces { get; init; }

    /// <summary>SentencePiece's compiled character map, empty for none.</summary>
    public ReadOnlyMemory<byte> PrecompiledCharsMap { get; init; }

    /// <summary>The chat template in Jinja.</summary>
    public string? ChatTemplate { get; init; }
}
