namespace Winnow.Caching;

/// <summary>Working memory of a selection, reused from lane to lane.</summary>
internal sealed class SelectionBuffers
{
    private float[] _scores = [];
    private float[] _rows = [];
    private int[] _slots = [];
    private ulong[] _keys = [];
    private uint[] _masks = [];

    /// <summary>Room for a score of each of <paramref name="count"/> entries.</summary>
    public Span<float> Scores(int count) => Room(ref _scores, count);

    /// <summary>Room for rows of logits.</summary>
    public Span<float> Rows(int count) => Room(ref _rows, count);

    /// <summary>Room for slots.</summary>
    public Span<int> Slots(int count) => Room(ref _slots, count);

    /// <summary>Room for sort keys.</summary>
    public Span<ulong> Keys(int count) => Room(ref _keys, count);

    /// <summary>Room for a mask of each of <paramref name="count"/> entries.</summary>
    public Span<uint> Masks(int count) => Room(ref _masks, count);

    private static Span<T> Room<T>(ref T[] array, int count)
    {
        if (array.Length < count)
            array = new T[Math.Max(count, array.Length + array.Length / 2)];
        return array.AsSpan(0, count);
    }
}
