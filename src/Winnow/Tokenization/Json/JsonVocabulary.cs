namespace Winnow.Tokenization.Json;

/// <summary>The pieces of a <c>tokenizer.json</c>: those of its model and its added tokens.</summary>
internal sealed class JsonVocabulary
{
    /// <summary>More tokens than any model has; a larger id would only take memory.</summary>
    private const int LargestId = 16_000_000;

    private readonly List<string> _texts = [];
    private readonly List<TokenKind> _kinds = [];
    private readonly bool _byteFallback;

    private JsonVocabulary(bool byteFallback) => _byteFallback = byteFallback;

    public IReadOnlyList<string> Texts => _texts;

    public IReadOnlyList<TokenKind> Kinds => _kinds;

    public List<AddedToken> AddedTokens { get; } = [];

    /// <summary>Scores of unigram pieces.</summary>
    public List<float> Scores { get; } = [];

    /// <summary>Reads the model's vocabulary and the added tokens.</summary>
    /// <exception cref="WinnowException">Ids are missing, negative or absurd.</exception>
    public static JsonVocabulary Read(JsonPart root, JsonPart model)
    {
        var vocabulary = new JsonVocabulary(model.Flag("byte_fallback", false));
        JsonPart pieces = model.Require("vocab");
        if (pieces.Element.ValueKind == System.Text.Json.JsonValueKind.Object)
            vocabulary.ReadIds(pieces);
        else
            vocabulary.ReadScored(pieces);
        foreach (JsonPart token in root.Get("added_tokens")?.Items() ?? [])
            vocabulary.ReadAdded(token);
        while (vocabulary.Scores.Count > 0 && vocabulary.Scores.Count < vocabulary._texts.Count)
            vocabulary.Scores.Add(0);
        return vocabulary;
    }

    private void ReadIds(JsonPart pieces)
    {
        int count = pieces.Element.GetPropertyCount();
        foreach (System.Text.Json.JsonProperty property in pieces.Element.EnumerateObject())
        {
            int id = new JsonPart(property.Value, $"{pieces.Path}[{count} pieces]").Whole();
            Set(pieces, id, property.Name, TokenKind.Normal);
        }
    }

    private void ReadScored(JsonPart pieces)
    {
        foreach (JsonPart pair in pieces.Items())
        {
            JsonPart[] parts = [.. pair.Items()];
            if (parts.Length != 2)
                throw pair.Error("is not a piece and its score");
            Scores.Add(parts[1].Number());
            Set(pair, Scores.Count - 1, parts[0].Text(), TokenKind.Normal);
        }
    }

    private void ReadAdded(JsonPart token)
    {
        string text = token.Require("content").Text();
        int id = token.Require("id").Whole();
        bool special = token.Flag("special", false);
        Set(token, id, text, special ? TokenKind.Control : TokenKind.UserDefined);
        AddedTokens.Add(new AddedToken(
            text, id, special, token.Flag("lstrip", false), token.Flag("rstrip", false), token.Flag("single_word", false)));
    }

    private void Set(JsonPart part, int id, string text, TokenKind kind)
    {
        // Ids may have gaps, but not so many that a small file takes a large memory.
        if (id < 0 || id > LargestId || id > (_texts.Count * 4) + 1_000_000)
            throw part.Error($"has the token id {id}, which cannot be right; the file is broken");
        while (_texts.Count <= id)
        {
            _texts.Add("");
            _kinds.Add(TokenKind.Unused);
        }
        if (kind is TokenKind.Normal && _byteFallback && Vocabulary.TryReadByte(text, out _))
            kind = TokenKind.Byte;
        (_texts[id], _kinds[id]) = (text, kind);
    }
}
