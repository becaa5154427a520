using Winnow.Tokenization.Models;
using Winnow.Tokenization.Normalization;
using Winnow.Tokenization.PreTokenization;

namespace Winnow.Tokenization;

/// <summary>What a tokenizer is assembled from.</summary>
internal sealed record TokenizerParts
{
    public required Vocabulary Vocabulary { get; init; }

    public required SpecialIds Special { get; init; }

    public required IEnumerable<AddedToken> AddedTokens { get; init; }

    public required WordModel Model { get; init; }

    public TextNormalizer? Normalizer { get; init; }

    public PreTokenizer? PreTokenizer { get; init; }

    public IReadOnlyList<int> Prefix { get; init; } = [];

    public IReadOnlyList<int> Suffix { get; init; } = [];

    public bool StripsLeadingSpace { get; init; }

    public string? ChatTemplate { get; init; }
}

/// <summary>Added tokens → normalizer → pre-tokenizer → model, the order every family keeps.</summary>
internal sealed class PipelineTokenizer : Tokenizer
{
    private readonly TokenizerParts _parts;
    private readonly SpecialTokenMatcher _added;

    public PipelineTokenizer(TokenizerParts parts)
        : base(parts.Vocabulary, parts.Special, parts.ChatTemplate)
    {
        _parts = parts;
        _added = new SpecialTokenMatcher(parts.AddedTokens);
    }

    public override bool AddsBos => _parts.Prefix.Count > 0;

    public override bool AddsEos => _parts.Suffix.Count > 0;

    internal override bool StripsLeadingSpace => _parts.StripsLeadingSpace;

    public override IReadOnlyList<int> Encode(string text, bool addSpecial = false, bool parseSpecial = true)
    {
        var ids = new List<int>((text.Length / 3) + 4);
        text = WellFormed(text);
        if (addSpecial)
            ids.AddRange(_parts.Prefix);
        int start = 0;
        while (start < text.Length)
        {
            AddedToken? token = _added.Next(text, start, parseSpecial, out int position);
            int end = position;
            if (token is { StripLeft: true })
            {
                while (end > start && char.IsWhiteSpace(text[end - 1]))
                    end--;
            }
            EncodeText(text[start..end], start == 0, ids);
            if (token is null)
                break;
            ids.Add(token.Id);
            start = position + token.Text.Length;
            while (token.StripRight && start < text.Length && char.IsWhiteSpace(text[start]))
                start++;
        }
        if (addSpecial)
            ids.AddRange(_parts.Suffix);
        return ids;
    }

    private void EncodeText(string text, bool isFirst, List<int> ids)
    {
        if (text.Length == 0)
            return;
        text = _parts.Normalizer?.Normalize(text) ?? text;
        if (text.Length == 0)
            return;
        if (_parts.PreTokenizer is null)
        {
            _parts.Model.Encode(text, ids);
            return;
        }
        foreach (string word in _parts.PreTokenizer.Split(text, isFirst))
            _parts.Model.Encode(word, ids);
    }

    private static string WellFormed(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
            {
                i++;
                continue;
            }
            // The framework's encoder replaces every lone surrogate by U+FFFD.
            return System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));
        }
        return text;
    }
}
