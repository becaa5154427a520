using System.IO.Compression;

namespace Winnow.Tokenization.Normalization;

/// <summary>
/// Decompositions and combining classes of Unicode 14. The embedded file is deflated and made of LEB128 numbers: the count, then for every character
/// with either property the distance from the one before, its combining class, <c>length·4 + excluded·2 + compatible</c>, and its decomposition.
/// </summary>
internal sealed class UnicodeTable
{
    private static readonly Lazy<UnicodeTable> s_instance = new(Load);

    private readonly Dictionary<int, int> _classes = [];
    private readonly Dictionary<int, int[]> _canonical = [];
    private readonly Dictionary<int, int[]> _compatible = [];
    private readonly Dictionary<(int First, int Second), int> _compositions = [];

    private UnicodeTable()
    {
    }

    public static UnicodeTable Instance => s_instance.Value;

    /// <summary>Canonical combining class, 0 for characters that start a sequence.</summary>
    public int Class(int character) => _classes.GetValueOrDefault(character);

    /// <summary>One step of decomposition, or null.</summary>
    public int[]? Decomposition(int character, bool compatible) =>
        _canonical.TryGetValue(character, out int[]? parts) || (compatible && _compatible.TryGetValue(character, out parts)) ? parts : null;

    /// <summary>The character that two others make, or null.</summary>
    public int? Composition(int first, int second) => _compositions.TryGetValue((first, second), out int character) ? character : null;

    private static UnicodeTable Load()
    {
        const string name = "Winnow.Tokenization.Normalization.decompositions.bin";
        using Stream resource = typeof(UnicodeTable).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the resource {name} is missing from the assembly");
        using var numbers = new BinaryReader(new DeflateStream(resource, CompressionMode.Decompress));
        var table = new UnicodeTable();
        int count = numbers.Read7BitEncodedInt();
        int character = 0;
        for (int i = 0; i < count; i++)
        {
            character += numbers.Read7BitEncodedInt();
            int combining = numbers.Read7BitEncodedInt();
            int kind = numbers.Read7BitEncodedInt();
            int[] parts = new int[kind >> 2];
            for (int k = 0; k < parts.Length; k++)
                parts[k] = numbers.Read7BitEncodedInt();
            if (combining != 0)
                table._classes.Add(character, combining);
            if (parts.Length > 0)
                ((kind & 1) != 0 ? table._compatible : table._canonical).Add(character, parts);
            if (parts.Length == 2 && (kind & 3) == 0)
                table._compositions.Add((parts[0], parts[1]), character);
        }
        return table;
    }
}
