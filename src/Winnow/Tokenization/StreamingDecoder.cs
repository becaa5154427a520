using System.Text;

namespace Winnow.Tokenization;

/// <summary>
/// Turns tokens into text as they arrive and never splits a character: bytes of an unfinished one wait until the token that completes it.
/// The pieces joined are what <see cref="Tokenizer.Decode"/> gives for all ids. Not safe for concurrent use.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _text = new();
    private bool _atStart = true;

    /// <summary>Starts a new text.</summary>
    /// <param name="tokenizer">Whose tokens follow.</param>
    /// <param name="skipSpecial">Leaves control tokens out.</param>
    public StreamingDecoder(Tokenizer tokenizer, bool skipSpecial = true)
    {
        _tokenizer = tokenizer;
        _skipSpecial = skipSpecial;
    }

    /// <summary>Adds a token and returns the characters it completes, possibly none.</summary>
    /// <exception cref="WinnowException">The id is outside the vocabulary.</exception>
    public string Append(int id)
    {
        Add(id);
        return Take();
    }

    /// <summary>Ends the text: bytes still waiting become U+FFFD. The decoder is then ready for a new text.</summary>
    public string Flush()
    {
        AddBytes([], flush: true);
        _atStart = true;
        return Take();
    }

    internal void AppendAll(ReadOnlySpan<int> ids)
    {
        foreach (int id in ids)
            Add(id);
    }

    internal string TakeAll() => Flush();

    private void Add(int id)
    {
        if (_skipSpecial && _tokenizer.IsControl(id))
            return;
        ReadOnlySpan<byte> bytes = _tokenizer.TokenBytes(id);
        if (bytes.IsEmpty)
            return;
        if (_atStart && _tokenizer.StripsLeadingSpace && bytes[0] == (byte)' ')
            bytes = bytes[1..];
        _atStart = false;
        AddBytes(bytes, flush: false);
    }

    private void AddBytes(ReadOnlySpan<byte> bytes, bool flush)
    {
        // Three bytes can wait from before and each broken byte gives one character.
        Span<char> chars = stackalloc char[256];
        do
        {
            ReadOnlySpan<byte> part = bytes[..Math.Min(bytes.Length, chars.Length / 2)];
            bytes = bytes[part.Length..];
            int written = _utf8.GetChars(part, chars, flush && bytes.IsEmpty);
            _text.Append(chars[..written]);
        }
        while (!bytes.IsEmpty);
    }

    private string Take()
    {
        string text = _text.ToString();
        _text.Clear();
        return text;
    }
}
