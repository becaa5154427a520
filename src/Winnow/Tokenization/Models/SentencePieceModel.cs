namespace Winnow.Tokenization.Models;

/// <summary>
/// SentencePiece byte-pair encoding (Kudo and Richardson, 2018): of all neighbours whose sum is a piece, the best score merges first, and of equal
/// scores the leftmost. Microsoft.ML.Tokenizers 2.0.1 takes the rightmost of equal scores (<c>baaa</c> becomes b·a·aa where SentencePiece gives
/// b·aa·a), so the merging is our own; normalization stands on that library.
/// </summary>
internal sealed class SentencePieceModel : WordModel
{
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<float> _scores;
    private readonly IReadOnlyList<TokenKind>? _kinds;
    private readonly ByteFallback _fallback;

    /// <summary>Builds the model.</summary>
    /// <exception cref="WinnowException">A score is no number.</exception>
    public SentencePieceModel(IReadOnlyList<string> pieces, IReadOnlyList<float> scores, IReadOnlyList<TokenKind>? kinds, int? unknownId)
    {
        _scores = scores;
        _kinds = kinds;
        _fallback = ByteFallback.FromKinds(pieces, kinds, unknownId);
        for (int id = 0; id < pieces.Count; id++)
        {
            if (!float.IsFinite(scores[id]))
                throw new WinnowException($"the score of token {id} ('{pieces[id]}') is {scores[id]}; the file is broken");
            if (pieces[id].Length > 0 && (kinds?[id] ?? TokenKind.Normal) is TokenKind.Normal or TokenKind.UserDefined or TokenKind.Unused)
                _ids.TryAdd(pieces[id], id);
        }
    }

    public override void Encode(string word, List<int> ids)
    {
        if (word.Length == 0)
            return;
        var merging = new Merging(this, word);
        merging.Run();
        merging.Write(ids);
    }

    private int Find(ReadOnlySpan<char> text) => _ids.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out int id) ? id : -1;

    private bool IsUnused(int id) => _kinds?[id] is TokenKind.Unused;

    private struct Symbol
    {
        public int Start;
        public int Length;
        public int Previous;
        public int Next;
    }

    /// <summary>The state of one word.</summary>
    private sealed class Merging
    {
        private readonly SentencePieceModel _model;
        private readonly string _word;
        private readonly Symbol[] _symbols;
        private readonly PriorityQueue<(int Left, int Length, int Right), (float Badness, int Left)> _queue = new();

        // Unused pieces may stand in the middle of a merge, but in the end they fall apart again.
        private readonly Dictionary<(int Start, int Length), int> _leftLengthOfUnused = [];

        public Merging(SentencePieceModel model, string word)
        {
            _model = model;
            _word = word;
            var symbols = new List<Symbol>(word.Length);
            for (int start = 0; start < word.Length;)
            {
                int length = start + 1 < word.Length && char.IsSurrogatePair(word[start], word[start + 1]) ? 2 : 1;
                symbols.Add(new Symbol { Start = start, Length = length, Previous = symbols.Count - 1, Next = symbols.Count + 1 });
                start += length;
            }
            _symbols = [.. symbols];
            _symbols[^1].Next = -1;
        }

        public void Run()
        {
            for (int i = 0; i < _symbols.Length; i++)
                Offer(i);
            while (_queue.TryDequeue(out (int Left, int Length, int Right) pair, out _))
            {
                ref Symbol left = ref _symbols[pair.Left];
                // An entry is stale when one of its sides has been merged meanwhile.
                if (left.Length == 0 || left.Next != pair.Right || left.Length + _symbols[pair.Right].Length != pair.Length)
                    continue;
                ref Symbol right = ref _symbols[pair.Right];
                if (_model.IsUnused(_model.Find(_word.AsSpan(left.Start, pair.Length))))
                    _leftLengthOfUnused[(left.Start, pair.Length)] = left.Length;
                left.Length = pair.Length;
                left.Next = right.Next;
                right.Length = 0;
                if (left.Next >= 0)
                    _symbols[left.Next].Previous = pair.Left;
                Offer(left.Previous);
                Offer(pair.Left);
            }
        }

        public void Write(List<int> ids)
        {
            bool unknownBefore = false;
            var pending = new Stack<(int Start, int Length)>();
            for (int i = 0; i >= 0; i = _symbols[i].Next)
            {
                pending.Push((_symbols[i].Start, _symbols[i].Length));
                while (pending.TryPop(out (int Start, int Length) piece))
                {
                    ReadOnlySpan<char> text = _word.AsSpan(piece.Start, piece.Length);
                    int id = _model.Find(text);
                    if (id >= 0 && _model.IsUnused(id) && _leftLengthOfUnused.TryGetValue(piece, out int left))
                    {
                        pending.Push((piece.Start + left, piece.Length - left));
                        pending.Push((piece.Start, left));
                        continue;
                    }
                    if (id >= 0)
                        ids.Add(id);
                    else
                        _model._fallback.Encode(text, unknownBefore, ids);
                    unknownBefore = id < 0;
                }
            }
        }

        private void Offer(int left)
        {
            if (left < 0 || _symbols[left].Next < 0)
                return;
            int right = _symbols[left].Next;
            int length = _symbols[left].Length + _symbols[right].Length;
            int id = _model.Find(_word.AsSpan(_symbols[left].Start, length));
            if (id >= 0)
                _queue.Enqueue((left, length, right), (-_model._scores[id], left));
        }
    }
}
