namespace Winnow.Tokenization.Models;

/// <summary>
/// The ranked merges of a byte-pair vocabulary, and the merging of one long word in O(n log n). Microsoft's BpeTokenizer merges words too, but its
/// last pass takes quadratic time in the length of a word, so words beyond <see cref="LongWord"/> letters come here; both give the same ids.
/// </summary>
internal sealed class MergeTable
{
    /// <summary>Words up to this many letters go to Microsoft's BpeTokenizer.</summary>
    public const int LongWord = 1024;

    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<(int Left, int Right), (int Rank, int Merged)> _merges;

    private MergeTable(Dictionary<string, int> ids, Dictionary<(int Left, int Right), (int Rank, int Merged)> merges)
    {
        _ids = ids;
        _merges = merges;
    }

    /// <summary>Builds the table; the merges are known to be sound (<see cref="Validate"/>).</summary>
    public static MergeTable Create(Dictionary<string, int> ids, IReadOnlyList<(string Left, string Right)> merges)
    {
        var table = new Dictionary<(int Left, int Right), (int Rank, int Merged)>(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
        {
            (string left, string right) = merges[rank];
            table[(ids[left], ids[right])] = (rank, ids[left + right]);
        }
        return new MergeTable(ids, table);
    }

    /// <summary>Splits "left right" lines and checks that the vocabulary holds both sides and their sum.</summary>
    /// <exception cref="WinnowException">A merge is malformed or names a piece that is missing.</exception>
    public static List<(string Left, string Right)> Parse(IReadOnlyList<string> lines, Dictionary<string, int> ids)
    {
        var merges = new List<(string Left, string Right)>(lines.Count);
        for (int rank = 0; rank < lines.Count; rank++)
        {
            string line = lines[rank];
            // A piece may itself begin with a space, so the separator is looked for after the first character.
            int space = line.Length < 3 ? -1 : line.IndexOf(' ', 1);
            if (space < 0 || space == line.Length - 1)
                throw new WinnowException($"merge {rank} of the tokenizer is '{line}', which is not two pieces with a space between; the file is broken");
            merges.Add((line[..space], line[(space + 1)..]));
        }
        Validate(merges, ids);
        return merges;
    }

    /// <summary>Checks that the vocabulary holds both sides of every merge and their sum.</summary>
    /// <exception cref="WinnowException">A merge names a piece that is missing.</exception>
    public static void Validate(IReadOnlyList<(string Left, string Right)> merges, Dictionary<string, int> ids)
    {
        for (int rank = 0; rank < merges.Count; rank++)
        {
            (string left, string right) = merges[rank];
            foreach (string piece in (ReadOnlySpan<string>)[left, right, left + right])
            {
                if (!ids.ContainsKey(piece))
                    throw new WinnowException($"merge {rank} of the tokenizer needs the piece '{piece}', which its vocabulary lacks; the file is broken");
            }
        }
    }

    /// <summary>Merges the pieces of one word and appends what is left. Pieces the vocabulary lacks are dropped.</summary>
    public void Encode(string word, List<int> ids)
    {
        var symbols = new List<Symbol>(word.Length);
        ReadOnlySpan<char> rest = word;
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        while (!rest.IsEmpty)
        {
            int length = rest.Length > 1 && char.IsSurrogatePair(rest[0], rest[1]) ? 2 : 1;
            if (lookup.TryGetValue(rest[..length], out int id))
                symbols.Add(new Symbol(id, symbols.Count - 1, symbols.Count + 1));
            rest = rest[length..];
        }
        if (symbols.Count == 0)
            return;
        Merge([.. symbols], ids);
    }

    private void Merge(Symbol[] symbols, List<int> ids)
    {
        symbols[^1].Next = -1;
        var queue = new PriorityQueue<(int Left, int LeftId, int RightId), (int Rank, int Left)>(symbols.Length);
        for (int i = 0; i + 1 < symbols.Length; i++)
            Offer(queue, symbols, i);
        while (queue.TryDequeue(out (int Left, int LeftId, int RightId) pair, out _))
        {
            ref Symbol left = ref symbols[pair.Left];
            // An entry is stale when one of its sides has been merged meanwhile.
            if (left.Id != pair.LeftId || left.Next < 0 || symbols[left.Next].Id != pair.RightId)
                continue;
            ref Symbol right = ref symbols[left.Next];
            left.Id = _merges[(pair.LeftId, pair.RightId)].Merged;
            right.Id = -1;
            left.Next = right.Next;
            if (left.Next >= 0)
                symbols[left.Next].Previous = pair.Left;
            Offer(queue, symbols, left.Previous);
            Offer(queue, symbols, pair.Left);
        }
        for (int i = 0; i >= 0; i = symbols[i].Next)
            ids.Add(symbols[i].Id);
    }

    private void Offer(PriorityQueue<(int Left, int LeftId, int RightId), (int Rank, int Left)> queue, Symbol[] symbols, int left)
    {
        if (left < 0 || symbols[left].Next < 0)
            return;
        (int leftId, int rightId) = (symbols[left].Id, symbols[symbols[left].Next].Id);
        if (_merges.TryGetValue((leftId, rightId), out (int Rank, int Merged) merge))
            queue.Enqueue((left, leftId, rightId), (merge.Rank, left));
    }

    private struct Symbol(int id, int previous, int next)
    {
        public int Id = id;
        public int Previous = previous;
        public int Next = next;
    }
}
