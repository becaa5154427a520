namespace Winnow.Tokenization.Models;

/// <summary>
/// The segmentation with the highest sum of scores, by Viterbi's algorithm over a trie of pieces (Kudo, 2018). Microsoft.ML.Tokenizers has a unigram
/// model too, but version 2.0.1 fails with an index error on text that needs byte fallback, so this one is our own.
/// </summary>
internal sealed class UnigramModel : WordModel
{
    /// <summary>How far below the worst piece an unknown character scores, as in SentencePiece.</summary>
    private const float UnknownPenalty = 10;

    private readonly Dictionary<(int Node, char Letter), int> _children = [];
    private readonly List<int> _idAtNode = [-1];
    private readonly IReadOnlyList<float> _scores;
    private readonly double _unknownScore;
    private readonly ByteFallback _fallback;

    public UnigramModel(IReadOnlyList<string> pieces, IReadOnlyList<float> scores, IReadOnlyList<TokenKind>? kinds, int? unknownId)
    {
        _scores = scores;
        _fallback = ByteFallback.FromKinds(pieces, kinds, unknownId);
        float worst = float.MaxValue;
        for (int id = 0; id < pieces.Count; id++)
        {
            if (!float.IsFinite(scores[id]))
                throw new WinnowException($"the score of token {id} ('{pieces[id]}') is {scores[id]}; the file is broken");
            if ((kinds?[id] ?? TokenKind.Normal) is TokenKind.Normal or TokenKind.UserDefined && id != unknownId)
            {
                Insert(pieces[id], id);
                worst = Math.Min(worst, scores[id]);
            }
        }
        _unknownScore = (worst == float.MaxValue ? 0 : worst) - UnknownPenalty;
    }

    public override void Encode(string word, List<int> ids)
    {
        (int Start, int Id)[] best = Viterbi(word);
        var path = new Stack<(int Start, int End, int Id)>();
        for (int end = word.Length; end > 0; end = best[end].Start)
            path.Push((best[end].Start, end, best[end].Id));
        bool unknownBefore = false;
        foreach ((int start, int end, int id) in path)
        {
            if (id >= 0)
                ids.Add(id);
            else
                _fallback.Encode(word.AsSpan(start, end - start), unknownBefore, ids);
            unknownBefore = id < 0;
        }
    }

    /// <summary>For every end the best last piece: where it starts and its id, -1 for an unknown character.</summary>
    private (int Start, int Id)[] Viterbi(string word)
    {
        var best = new (int Start, int Id)[word.Length + 1];
        double[] score = new double[word.Length + 1];
        Array.Fill(score, double.NegativeInfinity);
        score[0] = 0;
        for (int start = 0; start < word.Length; start++)
        {
            if (double.IsNegativeInfinity(score[start]))
                continue;
            int width = start + 1 < word.Length && char.IsSurrogatePair(word[start], word[start + 1]) ? 2 : 1;
            bool single = false;
            int node = 0;
            for (int end = start; end < word.Length && _children.TryGetValue((node, word[end]), out node);)
            {
                end++;
                int id = _idAtNode[node];
                if (id < 0)
                    continue;
                single |= end - start == width;
                Offer(end, score[start] + _scores[id], start, id);
            }
            if (!single)
                Offer(start + width, score[start] + _unknownScore, start, -1);
        }
        return best;

        void Offer(int end, double candidate, int start, int id)
        {
            if (candidate <= score[end])
                return;
            score[end] = candidate;
            best[end] = (start, id);
        }
    }

    private void Insert(string piece, int id)
    {
        int node = 0;
        foreach (char letter in piece)
        {
            if (!_children.TryGetValue((node, letter), out int next))
            {
                next = _idAtNode.Count;
                _children.Add((node, letter), next);
                _idAtNode.Add(-1);
            }
            node = next;
        }
        if (node != 0 && _idAtNode[node] < 0)
            _idAtNode[node] = id;
    }
}
