using System.Text;

namespace Winnow.Tokenization.Models;

/// <summary>What becomes of characters that a vocabulary lacks: their bytes where it has all 256, else the unknown token, else nothing.</summary>
internal sealed class ByteFallback
{
    private readonly int[]? _byteIds;
    private readonly int? _unknownId;

    private ByteFallback(int[] byteIds, int? unknownId)
    {
        _byteIds = byteIds.Contains(-1) ? null : byteIds;
        _unknownId = unknownId;
    }

    /// <summary>Whether the vocabulary has a piece for every byte.</summary>
    public bool HasBytes => _byteIds is not null;

    /// <summary>Looks for pieces of the kind <see cref="TokenKind.Byte"/>.</summary>
    public static ByteFallback FromKinds(IReadOnlyList<string> pieces, IReadOnlyList<TokenKind>? kinds, int? unknownId)
    {
        int[] byteIds = new int[256];
        Array.Fill(byteIds, -1);
        for (int id = 0; id < pieces.Count; id++)
        {
            if (kinds?[id] is TokenKind.Byte && Vocabulary.TryReadByte(pieces[id], out byte value))
                byteIds[value] = id;
        }
        return new ByteFallback(byteIds, unknownId);
    }

    /// <summary>Looks for pieces of the form <c>&lt;0xNN&gt;</c>, or for none.</summary>
    public static ByteFallback FromNames(Dictionary<string, int> ids, bool useBytes, int? unknownId)
    {
        int[] byteIds = new int[256];
        for (int value = 0; value < 256; value++)
            byteIds[value] = useBytes && ids.TryGetValue($"<0x{value:X2}>", out int id) ? id : -1;
        return new ByteFallback(byteIds, unknownId);
    }

    /// <summary>Appends the ids of one unknown character; unknown characters side by side share one unknown token.</summary>
    public void Encode(ReadOnlySpan<char> character, bool unknownBefore, List<int> ids)
    {
        if (_byteIds is not null)
        {
            Span<byte> utf8 = stackalloc byte[4];
            int count = Encoding.UTF8.GetBytes(character, utf8);
            foreach (byte value in utf8[..count])
                ids.Add(_byteIds[value]);
        }
        else if (_unknownId is int unknown && !unknownBefore)
        {
            ids.Add(unknown);
        }
    }
}
