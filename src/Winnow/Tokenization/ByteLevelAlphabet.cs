using System.Text;

namespace Winnow.Tokenization;

/// <summary>
/// GPT-2's table of 256 printable letters, one a byte: printable Latin-1 bytes stand for themselves, the other 68 follow from U+0100 in byte order
/// (Radford et al., 2019).
/// </summary>
internal static class ByteLevelAlphabet
{
    private static readonly char[] s_letters = Letters();
    private static readonly short[] s_bytes = Bytes();

    /// <summary>The text's UTF-8 bytes as letters.</summary>
    public static string Encode(ReadOnlySpan<char> text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        return string.Create(bytes.Length, bytes, static (letters, source) =>
        {
            for (int i = 0; i < letters.Length; i++)
                letters[i] = s_letters[source[i]];
        });
    }

    /// <summary>The bytes that a piece spells. A character outside the table stands for its own UTF-8 bytes.</summary>
    public static byte[] Decode(string piece)
    {
        var bytes = new List<byte>(piece.Length);
        foreach (Rune rune in piece.EnumerateRunes())
        {
            if (rune.Value < s_bytes.Length && s_bytes[rune.Value] >= 0)
                bytes.Add((byte)s_bytes[rune.Value]);
            else
                bytes.AddRange(Encoding.UTF8.GetBytes(rune.ToString()));
        }
        return [.. bytes];
    }

    private static char[] Letters()
    {
        char[] letters = new char[256];
        char next = '\u0100';
        for (int value = 0; value < 256; value++)
            letters[value] = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)value : next++;
        return letters;
    }

    /// <summary>The byte of each letter; −1 for characters that are none.</summary>
    private static short[] Bytes()
    {
        short[] bytes = new short['\u0100' + 68];
        Array.Fill(bytes, (short)-1);
        for (short value = 0; value < 256; value++)
            bytes[s_letters[value]] = value;
        return bytes;
    }
}
