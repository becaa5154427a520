using System.Globalization;

namespace Winnow.Caching;

/// <summary>What may stay in a cache: a share of the prompt, a number of entries in each lane, or bytes for the whole cache.</summary>
public readonly record struct Budget
{
    private enum Kind
    {
        Unlimited,
        Fraction,
        Entries,
        Bytes,
    }

    private Kind Unit { get; init; }

    private double Amount { get; init; }

    /// <summary>Everything stays.</summary>
    public static Budget Unlimited => default;

    /// <summary>Whether nothing is ever dropped.</summary>
    public bool IsUnlimited => Unit == Kind.Unlimited;

    /// <summary>A share of the prompt's tokens; 1 keeps everything, generated tokens included.</summary>
    /// <exception cref="WinnowException">The share is not above 0 and at most 1.</exception>
    public static Budget Fraction(double share) => share is > 0 and <= 1
        ? share == 1 ? Unlimited : new Budget { Unit = Kind.Fraction, Amount = share }
        : throw new WinnowException($"a budget of {share.ToString("P0", CultureInfo.InvariantCulture)} cannot work: keep more than 0 % and at most 100 %");

    /// <summary>Entries in each lane.</summary>
    /// <exception cref="WinnowException">The count is below 1.</exception>
    public static Budget Entries(int count) => count >= 1
        ? new Budget { Unit = Kind.Entries, Amount = count }
        : throw new WinnowException($"a budget of {count} entries cannot work: keep at least 1");

    /// <summary>Bytes of keys and values in the whole cache.</summary>
    /// <exception cref="WinnowException">The count is below 1.</exception>
    public static Budget Bytes(long count) => count >= 1
        ? new Budget { Unit = Kind.Bytes, Amount = count }
        : throw new WinnowException($"a budget of {count} bytes cannot work: keep at least 1");

    /// <summary>Reads «25%», «1024» (entries of a lane) or «64MiB», «64MB», «512KiB».</summary>
    /// <exception cref="WinnowException">The text is none of these.</exception>
    public static Budget Parse(string text)
    {
        string trimmed = text.Trim();
        if (trimmed.EndsWith('%') && TryNumber(trimmed[..^1], out double percent))
            return Fraction(percent / 100);
        foreach ((string suffix, double unit) in new[] { ("KiB", 1024.0), ("MiB", 1048576.0), ("GiB", 1073741824.0), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9) })
        {
            if (trimmed.EndsWith(suffix, StringComparison.OrdinalIgnoreCase) && TryNumber(trimmed[..^suffix.Length], out double amount))
                return Bytes((long)(amount * unit));
        }

        return int.TryParse(trimmed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int entries)
            ? Entries(entries)
            : throw new WinnowException(
                $"budget '{text}' is not understood: write a share such as 25%, entries for each lane such as 1024, or bytes such as 64MiB");
    }

    /// <summary>Entries that each lane may hold.</summary>
    /// <param name="promptLength">Tokens that a fraction refers to.</param>
    /// <param name="lanes">Lanes that share a byte budget.</param>
    /// <param name="entryBytes">Bytes of one entry's key and value.</param>
    /// <param name="least">The fewest entries with which the policy works.</param>
    public int Resolve(int promptLength, int lanes, double entryBytes, int least)
    {
        double entries = Unit switch
        {
            Kind.Unlimited => int.MaxValue,
            // A hair is added so that 10 % of 30, say, is 3 in spite of binary fractions.
            Kind.Fraction => Math.Floor(Amount * promptLength + 1e-9),
            Kind.Entries => Amount,
            _ => Math.Floor(Amount / (lanes * entryBytes)),
        };
        return Math.Max(least, (int)Math.Min(entries, int.MaxValue));
    }

    /// <inheritdoc/>
    public override string ToString() => Unit switch
    {
        Kind.Unlimited => "100%",
        Kind.Fraction => (Amount * 100).ToString("0.##", CultureInfo.InvariantCulture) + "%",
        Kind.Entries => Amount.ToString("0", CultureInfo.InvariantCulture),
        _ => Amount.ToString("0", CultureInfo.InvariantCulture) + "B",
    };

    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text.Trim(), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
}
