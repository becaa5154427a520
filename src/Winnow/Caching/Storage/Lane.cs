using Winnow.Kernels.Attention;
using Winnow.Kernels.Memory;

namespace Winnow.Caching.Storage;

/// <summary>
/// The entries of one (sequence, layer, KV head). A lane has its own length, zero allowed. Entries are addressed by slot; a slot says nothing about where in
/// the text the entry stood: that is its position. Policies read fields and order edits; pages and bytes are the lane's own business.
/// </summary>
public sealed class Lane : IDisposable
{
    private readonly PagePool _pool;
    private readonly KvStore _store;
    private readonly NativeBuffer<KvPage> _pages = new();
    private readonly EntryColumn<int> _positions;
    private readonly EntryColumn<float>[] _scores;
    private readonly EntryColumn<float>? _weights;
    private readonly EntryColumn<float>? _biases;
    private readonly EntryColumn<byte>? _flags;
    private readonly EntryColumn<uint>? _headMasks;
    private readonly EntryColumn<int>? _ranks;
    private readonly EntryColumn[] _columns;
    private NativeBuffer<ulong>? _readSet;
    private bool _reads;

    internal Lane(KvStore store, PagePool pool, KvLayout layout)
        : this(store, pool, Create(layout), 0)
    {
    }

    private Lane(KvStore store, PagePool pool, EntryColumn?[] columns, int length)
    {
        (_store, _pool, Length) = (store, pool, length);
        _positions = (EntryColumn<int>)columns[0]!;
        _weights = (EntryColumn<float>?)columns[1];
        _biases = (EntryColumn<float>?)columns[2];
        _flags = (EntryColumn<byte>?)columns[3];
        _headMasks = (EntryColumn<uint>?)columns[4];
        _ranks = (EntryColumn<int>?)columns[5];
        _scores = [.. columns[6..].OfType<EntryColumn<float>>()];
        _columns = [.. columns.OfType<EntryColumn>()];
    }

    /// <summary>Live entries.</summary>
    public int Length { get; private set; }

    /// <summary>Pages held.</summary>
    public int Pages { get; private set; }

    /// <summary>True position of each entry.</summary>
    public ReadOnlySpan<int> Positions => _positions.Buffer.Span[..Length];

    /// <summary>Score of each entry (the first channel); empty unless the layout has <see cref="EntryFields.Scores"/>.</summary>
    public Span<float> Scores => _scores.Length == 0 ? [] : Live(_scores[0]);

    /// <summary>Tokens that each entry stands for; empty unless the layout has <see cref="EntryFields.Weights"/>.</summary>
    public ReadOnlySpan<float> Weights => Live(_weights);

    /// <summary>Bias of each entry's attention logit; empty unless the layout has <see cref="EntryFields.Weights"/>.</summary>
    public Span<float> Biases => Live(_biases);

    /// <summary>The policy's byte of each entry; empty unless the layout has <see cref="EntryFields.Flags"/>.</summary>
    public Span<byte> Flags => Live(_flags);

    /// <summary>Query heads that see each entry; empty unless the layout has <see cref="EntryFields.HeadMasks"/>.</summary>
    public Span<uint> HeadMasks => Live(_headMasks);

    /// <summary>Bytes of keys and values in the pages held.</summary>
    public long KvBytes => (long)Pages * _pool.Format.PayloadBytes;

    /// <summary>Bytes of positions, scores and other fields.</summary>
    public long FieldBytes => _columns.Sum(column => column.Bytes) + _pages.ByteLength + (_readSet?.ByteLength ?? 0);

    internal LaneView View =>
        new(_pages, Length, _positions.Buffer, _biases?.Buffer, _headMasks?.Buffer, _reads ? _readSet : null, _ranks?.Buffer);

    /// <summary>One score channel of each entry.</summary>
    /// <param name="channel">Channel, as <see cref="AttentionObserver"/> numbers them.</param>
    public Span<float> ScoresOf(int channel) => Live(_scores[channel]);

    /// <summary>Keeps the entries in these slots and drops all others, freeing their pages.</summary>
    /// <param name="slots">Ascending slots; the order of the kept entries stays.</param>
    /// <exception cref="ArgumentException">The slots do not ascend or one does not exist.</exception>
    public void Keep(ReadOnlySpan<int> slots)
    {
        int previous = -1;
        foreach (int slot in slots)
        {
            if (slot <= previous || slot >= Length)
                throw new ArgumentException($"slot {slot} after slot {previous} in a lane of {Length} entries: slots must ascend", nameof(slots));
            previous = slot;
        }

        if (slots.Length == Length)
            return;
        for (int target = 0; target < slots.Length; target++)
        {
            if (slots[target] != target)
                Move(slots[target], target);
        }

        Drop(slots.Length);
        RenewRanks();
    }

    /// <summary>Drops one entry. The newest takes its slot, unless ranks are kept: then all later ones move up.</summary>
    public void Remove(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)Length, nameof(slot));
        if (_ranks is null)
        {
            if (slot != Length - 1)
                Move(Length - 1, slot);
        }
        else
        {
            for (int later = slot + 1; later < Length; later++)
                Move(later, later - 1);
        }

        Drop(Length - 1);
        RenewRanks();
    }

    /// <summary>Reads the key in a slot, as stored (rotated unless ranks are kept).</summary>
    /// <param name="slot">Slot.</param>
    /// <param name="key">[headDim].</param>
    public void ReadKey(int slot, Span<float> key) => PageOf(slot).ReadKey(_pool.Format, slot % PageFormat.Entries, key);

    /// <summary>Reads the value in a slot.</summary>
    /// <param name="slot">Slot.</param>
    /// <param name="value">[headDim].</param>
    public void ReadValue(int slot, Span<float> value) => PageOf(slot).ReadValue(_pool.Format, slot % PageFormat.Entries, value);

    /// <summary>Replaces key, value, weight and bias in a slot, as a merge does.</summary>
    /// <param name="slot">Slot.</param>
    /// <param name="key">[headDim], as stored.</param>
    /// <param name="value">[headDim].</param>
    /// <param name="weight">Tokens that the entry stands for now.</param>
    /// <param name="bias">Added to its attention logit.</param>
    /// <exception cref="InvalidOperationException">The layout has no weights.</exception>
    public void Replace(int slot, ReadOnlySpan<float> key, ReadOnlySpan<float> value, float weight, float bias)
    {
        if (_weights is null || _biases is null)
            throw new InvalidOperationException("the policy did not declare weights, so entries cannot be merged");
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)Length, nameof(slot));
        Own(slot / PageFormat.Entries).Write(_pool.Format, slot % PageFormat.Entries, key, value);
        _weights.Buffer.Span[slot] = weight;
        _biases.Buffer.Span[slot] = bias;
        _store.MarkIrreversible();
    }

    /// <summary>Limits what the next passes read, without dropping anything; an empty set means all.</summary>
    /// <param name="words">One bit a slot, 64 to a word.</param>
    /// <exception cref="ArgumentException">The words do not cover the lane.</exception>
    public void Read(ReadOnlySpan<ulong> words)
    {
        _reads = !words.IsEmpty;
        if (!_reads)
            return;
        if (words.Length < KvLayout.PagesFor(Length))
            throw new ArgumentException($"{words.Length} words do not cover {Length} entries", nameof(words));
        _readSet ??= new NativeBuffer<ulong>();
        _readSet.EnsureLength(words.Length);
        words.CopyTo(_readSet.Span);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ReleasePages(0);
        _pages.Dispose();
        _readSet?.Dispose();
        foreach (EntryColumn column in _columns)
            column.Dispose();
    }

    /// <summary>Adds entries with ascending positions, to be written through <see cref="View"/>.</summary>
    internal void Extend(int count, int firstPosition)
    {
        int length = Length + count;
        if (Length % PageFormat.Entries != 0)
            Own(Pages - 1);
        _pages.EnsureLength(KvLayout.PagesFor(length));
        while (Pages < KvLayout.PagesFor(length))
            _pages.Span[Pages++] = _pool.Rent();
        foreach (EntryColumn column in _columns)
            column.Extend(Length, length);
        for (int i = 0; i < count; i++)
            _positions.Buffer.Span[Length + i] = firstPosition + i;
        for (int slot = Length; _ranks is not null && slot < length; slot++)
            _ranks.Buffer.Span[slot] = slot;
        // A read set covers one forward pass over what was there when it was made; what comes after is always read.
        _reads = false;
        Length = length;
    }

    /// <summary>Drops every entry at or after a position, without counting as a decision of the policy.</summary>
    internal void Truncate(int position)
    {
        int kept = 0;
        for (int slot = 0; slot < Length; slot++)
        {
            if (_positions.Buffer.Span[slot] >= position)
                continue;
            if (kept != slot)
                Move(slot, kept);
            kept++;
        }

        Cut(kept);
        RenewRanks();
    }

    internal NativeBuffer<float> ScoreBuffer(int channel) => _scores[channel].Buffer;

    internal Lane Fork(KvStore store)
    {
        EntryColumn?[] columns = [_positions, _weights, _biases, _flags, _headMasks, _ranks, .. _scores];
        Lane fork = new(store, _pool, [.. columns.Select(column => column?.Clone(Length))], Length) { Pages = Pages };
        fork._pages.EnsureLength(Pages);
        for (int page = 0; page < Pages; page++)
        {
            PagePool.Share(_pages.Span[page]);
            fork._pages.Span[page] = _pages.Span[page];
        }

        return fork;
    }

    internal void Write(BinaryWriter writer)
    {
        writer.Write(Length);
        foreach (EntryColumn column in _columns)
            column.Write(writer, Length);
        for (int page = 0; page < Pages; page++)
            writer.Write(_pages.Span[page].Payload(_pool.Format));
    }

    internal void Read(BinaryReader reader, int length)
    {
        foreach (EntryColumn column in _columns)
            column.Read(reader, length);
        int pages = KvLayout.PagesFor(length);
        _pages.EnsureLength(pages);
        for (; Pages < pages; Pages++)
        {
            _pages.Span[Pages] = _pool.Rent();
            reader.BaseStream.ReadExactly(_pages.Span[Pages].Payload(_pool.Format));
        }

        Length = length;
    }

    private static EntryColumn?[] Create(KvLayout layout)
    {
        EntryFields fields = layout.Fields;
        int scores = fields.HasFlag(EntryFields.Scores) ? layout.ScoreChannels : 0;
        return
        [
            new EntryColumn<int>(0),
            fields.HasFlag(EntryFields.Weights) ? new EntryColumn<float>(1) : null,
            fields.HasFlag(EntryFields.Weights) ? new EntryColumn<float>(0) : null,
            fields.HasFlag(EntryFields.Flags) ? new EntryColumn<byte>(0) : null,
            fields.HasFlag(EntryFields.HeadMasks) ? new EntryColumn<uint>(uint.MaxValue) : null,
            fields.HasFlag(EntryFields.Ranks) ? new EntryColumn<int>(0) : null,
            .. Enumerable.Range(0, scores).Select(_ => new EntryColumn<float>(0)),
        ];
    }

    private Span<T> Live<T>(EntryColumn<T>? column)
        where T : unmanaged => column is null ? [] : column.Buffer.Span[..Length];

    private KvPage PageOf(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)Length, nameof(slot));
        return _pages.Span[slot / PageFormat.Entries];
    }

    private KvPage Own(int page) => _pages.Span[page] = _pool.MakeOwned(_pages.Span[page]);

    private void Move(int source, int destination)
    {
        KvPage target = Own(destination / PageFormat.Entries);
        target.CopyEntry(_pool.Format, destination % PageFormat.Entries, _pages.Span[source / PageFormat.Entries], source % PageFormat.Entries);
        foreach (EntryColumn column in _columns)
            column.Move(source, destination);
    }

    private void Drop(int length)
    {
        _store.MarkIrreversible();
        Cut(length);
    }

    private void Cut(int length)
    {
        Length = length;
        ReleasePages(KvLayout.PagesFor(length));
        foreach (EntryColumn column in _columns)
            column.Shrink(length);
    }

    private void ReleasePages(int kept)
    {
        while (Pages > kept)
            _pool.Release(_pages.Span[--Pages]);
    }

    /// <summary>Entries keep the order of their positions where ranks are kept, so the rank is the slot.</summary>
    private void RenewRanks()
    {
        for (int slot = 0; _ranks is not null && slot < Length; slot++)
            _ranks.Buffer.Span[slot] = slot;
    }
}
