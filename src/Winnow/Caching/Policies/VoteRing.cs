using System.Runtime.InteropServices;
using Winnow.Caching.Storage;

namespace Winnow.Caching.Policies;

/// <summary>
/// What the last tokens attended to in one lane, remembered for <see cref="MorphKv"/>: rows of exponentials, written when their token was the newest. Every later
/// candidate was live then, so a row never needs another column; columns only move when an entry leaves the window or the cache.
/// </summary>
/// <remarks>
/// A row has the candidates first, side by side so that they are added up in one go, and then the window, each entry at its position modulo the window's size.
/// </remarks>
internal sealed class VoteRing
{
    private const long MostCells = 1 << 28;
    private const int NoPosition = -1;

    private readonly Shape _shape;
    private readonly float[] _cells;
    private readonly float[] _votes;
    private readonly int[] _slots;
    private readonly int[] _positions;
    private int _candidates;
    private int _oldestRow;
    private int _oldestInWindow;
    private int _newest;

    private VoteRing(Shape shape)
    {
        _shape = shape;
        _cells = new float[shape.Cells];
        _votes = new float[shape.Distant + 1];
        (_slots, _positions) = (new int[shape.Columns], new int[shape.Columns]);
        Array.Fill(_positions, NoPosition);
    }

    /// <summary>Bytes of rows and columns.</summary>
    public long Bytes => sizeof(float) * ((long)_cells.Length + _votes.Length + _slots.Length + _positions.Length);

    /// <summary>Starts with the rows of tokens already read.</summary>
    /// <param name="lane">The lane, already cut back.</param>
    /// <param name="origins">Slot of each of its entries before the cut.</param>
    /// <param name="rows">[tokens, rows of a token, <paramref name="lengthBefore"/>].</param>
    /// <param name="lengthBefore">Entries before the cut.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="newest">Position of the newest entry, which is that of the last row's token.</param>
    /// <param name="nextPosition">Position of the token being generated, there or not; the window lies before it.</param>
    public static VoteRing Start(
        Lane lane, ReadOnlySpan<int> origins, ReadOnlySpan<float> rows, int lengthBefore, Shape shape, int newest, int nextPosition)
    {
        int perToken = shape.RowsPerToken * lengthBefore, firstRow = newest + 1 - rows.Length / perToken;
        VoteRing ring = new(shape) { _oldestRow = firstRow, _oldestInWindow = nextPosition - shape.Window, _newest = newest };
        for (int slot = 0; slot < lane.Length; slot++)
        {
            int position = lane.Positions[slot];
            int column = position >= ring._oldestInWindow ? shape.WindowColumn(position) : ring._candidates++;
            (ring._slots[column], ring._positions[column]) = (origins[slot], position);
        }

        for (int token = 0; token <= newest - firstRow; token++)
            ring.Write(firstRow + token, newest, rows.Slice(token * perToken, perToken));
        ring.FindSlots(lane);
        return ring;
    }

    /// <summary>Takes the row of a new token and says which entry leaves.</summary>
    /// <param name="lane">The lane, with the token's entry as its newest.</param>
    /// <param name="position">Position of the token.</param>
    /// <param name="rows">[rows of a token, lane length].</param>
    /// <param name="counter">Counts the votes.</param>
    /// <returns>Slot of the candidate with the fewest votes, which the caller removes; −1 when there is room for all.</returns>
    public int Advance(Lane lane, int position, ReadOnlySpan<float> rows, VoteCounter counter)
    {
        // A step that was taken back, or an import, leaves entries elsewhere.
        if (position != _newest + 1)
            FindSlots(lane);
        _newest = position;
        for (; _oldestInWindow < position - _shape.Window; _oldestInWindow++)
            LeaveWindow(_oldestInWindow);
        int own = _shape.WindowColumn(position), newestSlot = lane.Length - 1;
        (_slots[own], _positions[own]) = (newestSlot, position);
        Write(position, position, rows);
        if (_candidates <= _shape.Distant)
            return -1;
        int fewest = VoteCounter.Fewest(CountVotes(position, counter), _positions);
        int slot = _slots[fewest];
        Move(--_candidates, fewest);
        // The lane fills the freed slot with its newest entry.
        _slots[own] = slot;
        return slot;
    }

    /// <summary>A copy for a fork.</summary>
    public VoteRing Clone()
    {
        VoteRing copy = new(_shape) { _candidates = _candidates, _oldestRow = _oldestRow, _oldestInWindow = _oldestInWindow, _newest = _newest };
        _cells.CopyTo(copy._cells, 0);
        _slots.CopyTo(copy._slots, 0);
        _positions.CopyTo(copy._positions, 0);
        return copy;
    }

    /// <summary>Writes rows and positions for export.</summary>
    public void Save(BinaryWriter writer)
    {
        foreach (int number in new[] { _shape.Window, _shape.Distant, _shape.RowsPerToken, _candidates, _oldestRow, _oldestInWindow })
            writer.Write(number);
        writer.Write(MemoryMarshal.AsBytes(_positions.AsSpan()));
        writer.Write(MemoryMarshal.AsBytes(_cells.AsSpan()));
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="WinnowException">The sizes make no sense.</exception>
    public static VoteRing Load(BinaryReader reader)
    {
        Shape shape = new(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
        int candidates = reader.ReadInt32();
        Stream stream = reader.BaseStream;
        long most = stream.CanSeek ? (stream.Length - stream.Position) / sizeof(float) : MostCells;
        if (!shape.IsSane || shape.Cells > most || candidates < 0 || candidates > shape.Distant + 1)
            throw new WinnowException($"the exported sequence remembers votes in {shape}, which cannot be: the file is damaged; export it again");
        VoteRing ring = new(shape) { _candidates = candidates, _oldestRow = reader.ReadInt32(), _oldestInWindow = reader.ReadInt32(), _newest = NoPosition };
        stream.ReadExactly(MemoryMarshal.AsBytes(ring._positions.AsSpan()));
        stream.ReadExactly(MemoryMarshal.AsBytes(ring._cells.AsSpan()));
        return ring;
    }

    private ReadOnlySpan<float> CountVotes(int position, VoteCounter counter)
    {
        Span<float> votes = _votes.AsSpan(0, _candidates);
        votes.Clear();
        // Without a past, after an import, the new token votes alone.
        int first = Math.Min(position, Math.Max(_oldestRow, position - _shape.Window));
        for (int voter = first; voter < Math.Max(position, first + 1); voter++)
            counter.Add(_cells.AsSpan(_shape.Row(voter), _shape.RowsPerToken * _shape.Columns), _shape.RowsPerToken, _shape.Columns, votes);
        return votes;
    }

    /// <summary>Writes a token's rows: candidates, and the window up to <paramref name="newest"/>.</summary>
    private void Write(int position, int newest, ReadOnlySpan<float> rows)
    {
        int stride = rows.Length / _shape.RowsPerToken;
        for (int row = 0; row < _shape.RowsPerToken; row++)
        {
            ReadOnlySpan<float> source = rows.Slice(row * stride, stride);
            Span<float> target = _cells.AsSpan(_shape.Row(position) + row * _shape.Columns, _shape.Columns);
            ReadOnlySpan<int> slots = _slots.AsSpan(0, _candidates);
            for (int column = 0; column < slots.Length; column++)
                target[column] = source[slots[column]];
            for (int entry = _oldestInWindow; entry <= newest; entry++)
            {
                int column = _shape.WindowColumn(entry);
                if (_positions[column] == entry)
                    target[column] = source[_slots[column]];
            }
        }
    }

    /// <summary>An entry that the window no longer protects joins the candidates, unless it was dropped under a smaller window.</summary>
    private void LeaveWindow(int position)
    {
        int column = _shape.WindowColumn(position);
        if (_positions[column] == position)
            Move(column, _candidates++);
    }

    private void Move(int source, int target)
    {
        for (int cell = 0; cell < _cells.Length; cell += _shape.Columns)
            _cells[cell + target] = _cells[cell + source];
        (_slots[target], _positions[target]) = (_slots[source], _positions[source]);
    }

    private void FindSlots(Lane lane)
    {
        for (int column = 0; column < _shape.Columns; column++)
            _slots[column] = _positions[column] == NoPosition ? NoPosition : lane.Positions.IndexOf(_positions[column]);
    }

    /// <summary>Sizes of a ring.</summary>
    /// <param name="Window">Tokens that vote.</param>
    /// <param name="Distant">Candidates that stay.</param>
    /// <param name="RowsPerToken">Rows that a token writes.</param>
    public readonly record struct Shape(int Window, int Distant, int RowsPerToken)
    {
        /// <summary>Columns of a row: candidates, one that is about to leave, the window, and the token being generated.</summary>
        public int Columns => Distant + 1 + Window + 1;

        /// <summary>Cells of all rows.</summary>
        public long Cells => (long)(Window + 1) * RowsPerToken * Columns;

        /// <summary>Whether a ring of these sizes is worth its memory, 1 GiB at most.</summary>
        public bool IsSane => Window is >= 1 and <= 4096 && RowsPerToken is >= 1 and <= 1024 && Distant is >= 1 and <= 1 << 24 && Cells <= MostCells;

        /// <summary>Column of a position in the window.</summary>
        public int WindowColumn(int position) => Distant + 1 + position % (Window + 1);

        /// <summary>First cell of a token's rows.</summary>
        public int Row(int position) => position % (Window + 1) * RowsPerToken * Columns;
    }
}
