namespace Winnow.Tokenization;

/// <summary>Text to token ids and back. Instances are safe for concurrent use.</summary>
public abstract class Tokenizer
{
    private readonly Vocabulary _vocabulary;

    private protected Tokenizer(Vocabulary vocabulary, SpecialIds special, string? chatTemplate)
    {
        _vocabulary = vocabulary;
        ChatTemplate = chatTemplate;
        BosId = special.Bos;
        EosId = special.Eos;
        UnknownId = special.Unknown;
        PadId = special.Pad;
        EndOfGenerationIds = special.EndOfGeneration;
    }

    /// <summary>Number of tokens; ids run from 0 to one less.</summary>
    public int VocabularySize => _vocabulary.Count;

    /// <summary>Id of the token that opens a text, if there is one.</summary>
    public int? BosId { get; }

    /// <summary>Id of the token that ends a text, if there is one.</summary>
    public int? EosId { get; }

    /// <summary>Id for text that the vocabulary cannot spell, if there is one.</summary>
    public int? UnknownId { get; }

    /// <summary>Id of the padding token, if there is one.</summary>
    public int? PadId { get; }

    /// <summary>Ids after which a model has finished its answer: EOS, end of turn and their kin that this vocabulary holds.</summary>
    public IReadOnlySet<int> EndOfGenerationIds { get; }

    /// <summary>Whether the model's rule opens a text with BOS.</summary>
    public abstract bool AddsBos { get; }

    /// <summary>Whether the model's rule ends a text with EOS.</summary>
    public abstract bool AddsEos { get; }

    /// <summary>The chat template in Jinja, if the model has one.</summary>
    public string? ChatTemplate { get; }

    /// <summary>Whether encoding puts a space before the text, which decoding takes away again.</summary>
    internal abstract bool StripsLeadingSpace { get; }

    /// <summary>Token ids of a text. Lone surrogates become U+FFFD.</summary>
    /// <param name="text">The text; empty gives no tokens but those of <paramref name="addSpecial"/>.</param>
    /// <param name="addSpecial">Adds BOS and EOS by the model's own rule.</param>
    /// <param name="parseSpecial">Text such as <c>&lt;|im_start|&gt;</c> becomes the control token; when false it is text like any other.</param>
    public abstract IReadOnlyList<int> Encode(string text, bool addSpecial = false, bool parseSpecial = true);

    /// <summary>The text of token ids. Bytes that are no UTF-8 become U+FFFD.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipSpecial">Leaves control tokens out; when false they appear as written in the vocabulary.</param>
    /// <exception cref="WinnowException">An id is outside the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true)
    {
        var decoder = new StreamingDecoder(this, skipSpecial);
        decoder.AppendAll(ids);
        return decoder.TakeAll();
    }

    /// <summary>The raw bytes a token stands for: byte-level letters decoded, ▁ as a space, <c>&lt;0xNN&gt;</c> as the byte.</summary>
    /// <exception cref="WinnowException">The id is outside the vocabulary.</exception>
    public ReadOnlySpan<byte> TokenBytes(int id) => _vocabulary.Bytes(id);

    /// <summary>The piece as the vocabulary writes it.</summary>
    /// <exception cref="WinnowException">The id is outside the vocabulary.</exception>
    public string TokenText(int id) => _vocabulary.Text(id);

    /// <summary>Whether the token is a signal, or stands for unknown text, and is no text itself.</summary>
    /// <exception cref="WinnowException">The id is outside the vocabulary.</exception>
    public bool IsControl(int id) => _vocabulary.Kind(id) is TokenKind.Control or TokenKind.Unknown;
}
