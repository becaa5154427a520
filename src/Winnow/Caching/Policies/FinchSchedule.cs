namespace Winnow.Caching.Policies;

/// <summary>How many entries <see cref="Finch"/> holds after each chunk of a document.</summary>
/// <param name="Start">Entries held before the document.</param>
/// <param name="Document">Tokens of the document.</param>
/// <param name="Room">Entries to hold after it.</param>
/// <param name="Whole">Whether one of a whole number of tokens is kept, instead of just as many as there is room for.</param>
internal readonly record struct FinchSchedule(int Start, int Document, int Room, bool Whole)
{
    /// <summary>The shortest chunk of which something is sure to stay, which is the whole compression factor: ⌈document / room⌉.</summary>
    public int LeastChunk => WholeFactor ? (Document + Room - Start - 1) / (Room - Start) : 1;

    // In a conversation the entries of earlier turns may leave no room; then they must shrink, which no whole factor says how to do.
    private bool WholeFactor => Whole && Room > Start;

    /// <summary>Entries to keep of those held and those just read.</summary>
    /// <param name="read">Document tokens read, the chunk included.</param>
    /// <param name="chunk">Tokens of the chunk.</param>
    /// <param name="held">Entries held before the chunk.</param>
    public int KeptAfter(int read, int chunk, int held) => WholeFactor
        ? held + chunk / LeastChunk
        : Start + (int)Math.Floor((double)read * (Room - Start) / Document);
}
