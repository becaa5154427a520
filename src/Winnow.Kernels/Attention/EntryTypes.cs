namespace Winnow.Kernels.Attention;

/// <summary>How the keys and the values of a cache are stored. Keys bear coarse codes less well than values, so the two may differ.</summary>
/// <param name="Keys">Storage of keys.</param>
/// <param name="Values">Storage of values.</param>
public readonly record struct EntryTypes(EntryType Keys, EntryType Values)
{
    /// <summary>Whether keys or values are stored as codes with scales.</summary>
    public bool IsQuantised => IsCoded(Keys) || IsCoded(Values);

    /// <summary>Keys and values of one type.</summary>
    public static implicit operator EntryTypes(EntryType both) => FromEntryType(both);

    /// <summary>Keys and values of one type.</summary>
    public static EntryTypes FromEntryType(EntryType both) => new(both, both);

    /// <summary>
    /// Reads what <see cref="ToString"/> writes: a type such as <c>q8_0</c>, or those of keys and values as in <c>q8_0:q4_0</c>. Case does not matter.
    /// </summary>
    /// <param name="text">Text.</param>
    /// <param name="types">The types; meaningless when the text names none.</param>
    /// <returns>Whether the text names one or two types.</returns>
    public static bool TryParse(string text, out EntryTypes types)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] names = text.Split(':');
        EntryType keys = default, values = default;
        bool known = names.Length <= 2 && TryParse(names[0], out keys) && TryParse(names[^1], out values);
        types = new EntryTypes(keys, values);
        return known;
    }

    /// <summary>The types as users write them: one name, or two with a colon when keys and values differ.</summary>
    public override string ToString() => Keys == Values ? NameOf(Keys) : $"{NameOf(Keys)}:{NameOf(Values)}";

    /// <summary>A type as users write it, such as <c>q8_0</c>.</summary>
    public static string NameOf(EntryType type) => type.ToString().ToLowerInvariant();

    internal static bool IsCoded(EntryType type) => type is EntryType.Q8_0 or EntryType.Q4_0 or EntryType.Q4_1;

    private static bool TryParse(string name, out EntryType type)
    {
        foreach (EntryType each in Enum.GetValues<EntryType>())
        {
            type = each;
            if (string.Equals(NameOf(each), name, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        type = default;
        return false;
    }
}
