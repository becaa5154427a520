using System.Globalization;
using System.Text;

namespace Winnow.Tokenization;

/// <summary>How pieces spell bytes.</summary>
internal enum PieceAlphabet
{
    /// <summary>One letter a byte, GPT-2's table.</summary>
    ByteLevel,

    /// <summary>Plain text with ▁ for a space.</summary>
    Metaspace,

    /// <summary>Plain text.</summary>
    Plain,
}

/// <summary>The pieces, their kinds and the bytes they stand for, in one flat block.</summary>
internal sealed class Vocabulary
{
    private readonly IReadOnlyList<string> _texts;
    private readonly IReadOnlyList<TokenKind>? _kinds;
    private readonly byte[] _bytes;
    private readonly int[] _ends;

    public Vocabulary(IReadOnlyList<string> texts, IReadOnlyList<TokenKind>? kinds, PieceAlphabet alphabet)
    {
        if (texts.Count == 0)
            throw new WinnowException("the tokenizer's vocabulary is empty; the file holds no usable tokenizer");
        if (kinds is not null && kinds.Count != texts.Count)
            throw new WinnowException($"the tokenizer has {texts.Count} tokens but {kinds.Count} token types; the file is broken");
        _texts = texts;
        _kinds = kinds;
        _ends = new int[texts.Count];
        var buffer = new MemoryStream();
        for (int id = 0; id < texts.Count; id++)
        {
            buffer.Write(Spell(texts[id], Kind(id), alphabet));
            _ends[id] = checked((int)buffer.Length);
        }
        _bytes = buffer.ToArray();
    }

    public int Count => _texts.Count;

    public string Text(int id) => _texts[Checked(id)];

    public TokenKind Kind(int id) => _kinds is null ? TokenKind.Normal : _kinds[Checked(id)];

    public ReadOnlySpan<byte> Bytes(int id)
    {
        int start = Checked(id) == 0 ? 0 : _ends[id - 1];
        return _bytes.AsSpan(start, _ends[id] - start);
    }

    /// <summary>First id of every piece that encoding may give.</summary>
    public Dictionary<string, int> Index()
    {
        var index = new Dictionary<string, int>(Count, StringComparer.Ordinal);
        for (int id = 0; id < Count; id++)
        {
            if (_texts[id].Length > 0)
                index.TryAdd(_texts[id], id);
        }
        return index;
    }

    /// <summary>Reads <c>&lt;0xNN&gt;</c>.</summary>
    public static bool TryReadByte(string piece, out byte value)
    {
        value = 0;
        return piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>'
            && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    private int Checked(int id) => (uint)id < (uint)_texts.Count
        ? id
        : throw new WinnowException($"token id {id} is outside the vocabulary of {_texts.Count} tokens");

    private static byte[] Spell(string piece, TokenKind kind, PieceAlphabet alphabet)
    {
        if (kind is TokenKind.Byte && TryReadByte(piece, out byte value))
            return [value];
        if (kind is TokenKind.Control or TokenKind.Unknown)
            return Encoding.UTF8.GetBytes(piece);
        return alphabet switch
        {
            PieceAlphabet.ByteLevel when kind is not TokenKind.UserDefined => ByteLevelAlphabet.Decode(piece),
            PieceAlphabet.Metaspace => Encoding.UTF8.GetBytes(piece.Replace('▁', ' ')),
            _ => Encoding.UTF8.GetBytes(piece),
        };
    }
}
