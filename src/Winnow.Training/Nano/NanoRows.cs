using Winnow.Training.Nano.Tasks;

namespace Winnow.Training.Nano;

/// <summary>Token ids of rows of equal length, and what each token is.</summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="Length">Tokens of a row.</param>
/// <param name="Tokens">[rows × length], filled up with the end token.</param>
/// <param name="Parts">[rows × length].</param>
/// <param name="Spans">[rows × length]: number of the answer that a token belongs to, counted from 1 in each row; 0 outside answers.</param>
/// <param name="Filled">[rows]: tokens before the filling.</param>
internal sealed record NanoBatch(int Rows, int Length, int[] Tokens, NanoPart[] Parts, short[] Spans, int[] Filled);

/// <summary>Rows for training: each batch follows from the seed and its number alone, so that training can go on at any step.</summary>
internal sealed class NanoRows(NanoVocabulary vocabulary, int seed)
{
    private const double PackedShare = 0.4;

    private static readonly int[] s_packed = [96, 128, 256, 512, 1024];
    private static readonly double[] s_styles = [0.45, 0.15, 0.4];
    private static readonly double[] s_shares = [.. NanoTasks.Mix.Select(entry => entry.Share)];
    private static readonly double[] s_lateShares = [.. NanoTasks.Mix.Select(entry => entry.LateShare)];

    private readonly NanoDocumentBuilder _builder = new(vocabulary.Count);

    /// <summary>A batch of the training mix, of its last part if so wished.</summary>
    public NanoBatch Batch(long number, int rows, int length, bool late = false)
    {
        NanoRandom random = NanoRandom.For(seed, number);
        Filling filling = new(rows, length, vocabulary.EndId);
        for (int row = 0; row < rows; row++)
        {
            int document = length;
            if (length >= 256 && random.Chance(PackedShare))
                document = random.Pick([.. s_packed.Where(size => size < length)]);
            filling.StartRow(row);
            while (filling.Room >= Math.Min(document, length))
            {
                NanoTask task = NanoTasks.Mix[random.Draw(late ? s_lateShares : s_shares)].Task;
                Add(filling, new NanoRequest(task, document, (NanoStyle)random.Draw(s_styles)), random);
            }
        }

        return filling.ToBatch();
    }

    /// <summary>Rows of one task with several questions each, for watching how training goes.</summary>
    public NanoBatch Samples(NanoTask task, int rows, int length, NanoStyle style, int? units, int questions)
    {
        Filling filling = new(rows, length, vocabulary.EndId);
        for (int row = 0; row < rows; row++)
        {
            filling.StartRow(row);
            Add(filling, new NanoRequest(task, length, style) { Units = units, MaxQuestions = questions }, NanoRandom.For(seed, row));
        }

        return filling.ToBatch();
    }

    private void Add(Filling filling, NanoRequest request, NanoRandom random)
    {
        NanoDraft draft = _builder.Draft(request, random);
        filling.Add(vocabulary.StartId, NanoPart.Context);
        foreach (NanoPiece piece in NanoDocumentBuilder.Write(draft, request.Style, random))
        {
            foreach (int id in vocabulary.Tokenizer.Encode(piece.Text))
                filling.Add(id, piece.Part);
        }

        filling.Add(vocabulary.EndId, NanoPart.Lead);
    }

    /// <summary>Rows that are being filled.</summary>
    private sealed class Filling
    {
        private readonly int _length;
        private readonly int[] _tokens;
        private readonly NanoPart[] _parts;
        private readonly short[] _spans;
        private readonly int[] _filled;
        private int _row;
        private short _span;
        private NanoPart _last;

        public Filling(int rows, int length, int filler)
        {
            _length = length;
            (_tokens, _parts, _spans, _filled) = (new int[rows * length], new NanoPart[rows * length], new short[rows * length], new int[rows]);
            Array.Fill(_tokens, filler);
        }

        public int Room => _length - _filled[_row];

        public void StartRow(int row) => (_row, _span, _last) = (row, 0, NanoPart.Context);

        public void Add(int id, NanoPart part)
        {
            if (part == NanoPart.Answer && _last != NanoPart.Answer)
                _span++;
            _last = part;
            if (Room == 0)
            {
                // An answer that is cut off cannot be right or wrong.
                for (int i = _length - 1; part == NanoPart.Answer && i >= 0 && _spans[_row * _length + i] == _span; i--)
                    _spans[_row * _length + i] = 0;
                return;
            }

            int at = _row * _length + _filled[_row]++;
            (_tokens[at], _parts[at], _spans[at]) = (id, part, part == NanoPart.Answer ? _span : (short)0);
        }

        public NanoBatch ToBatch() => new(_filled.Length, _length, _tokens, _parts, _spans, _filled);
    }
}
