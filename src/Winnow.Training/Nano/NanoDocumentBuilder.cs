using Winnow.Training.Nano.Tasks;

namespace Winnow.Training.Nano;

/// <summary>How a document is to be made.</summary>
internal sealed record NanoRequest(NanoTask Task, int Length, NanoStyle Style)
{
    /// <summary>Units of facts; null draws as many as fit, or nearly so.</summary>
    public int? Units { get; init; }

    /// <summary>Most questions.</summary>
    public int MaxQuestions { get; init; } = 48;
}

/// <summary>A document before it is written out.</summary>
/// <param name="Context">Sentences in order.</param>
/// <param name="Exchanges">Questions in the order in which they are asked.</param>
internal sealed record NanoDraft(IReadOnlyList<string> Context, IReadOnlyList<NanoExchange> Exchanges);

/// <summary>Puts facts, filler and questions together to a document of a length in tokens.</summary>
/// <param name="count">Tokens of a text.</param>
internal sealed class NanoDocumentBuilder(Func<string, int> count)
{
    /// <summary>Begin and end of a text, and the opening sentence.</summary>
    private const int Overhead = 8;
    private const double SparseShare = 0.15;

    /// <summary>Makes a document that fills at most the length, and nearly that where filler may be added.</summary>
    public NanoDraft Draft(NanoRequest request, NanoRandom random)
    {
        int room = request.Length - Overhead;
        int most = request.Units ?? MostUnits(request, room, random);
        for (int units = most; ; units = Math.Max(1, units * 3 / 4))
        {
            List<NanoUnit> made = request.Task.Make(random, units, room);
            List<NanoExchange> exchanges = [.. made.SelectMany(unit => unit.Exchanges)];
            if (!request.Task.KeepsOrder)
                random.Shuffle(exchanges);
            int facts = made.Sum(unit => unit.Sentences.Sum(Cost));
            int left = Fit(exchanges, room - facts, request);
            if (left < 0 && units > 1)
                continue;
            return new NanoDraft(Scatter(random, made, request.Task.HasFacts ? left : 0), exchanges);
        }
    }

    /// <summary>Writes a draft out as pieces.</summary>
    public static List<NanoPiece> Write(NanoDraft draft, NanoStyle style, NanoRandom random)
    {
        var pieces = new List<NanoPiece>();
        if (style == NanoStyle.Chat)
        {
            if (random.Chance(0.1))
                pieces.Add(new NanoPiece("<|system|>Answer from the text.<|end|>", NanoPart.Context));
            pieces.Add(new NanoPiece("<|user|>", NanoPart.Context));
        }

        bool first = true;
        foreach (string sentence in draft.Context)
        {
            pieces.Add(new NanoPiece(first ? sentence : " " + sentence, NanoPart.Context));
            first = false;
        }

        for (int i = 0; i < draft.Exchanges.Count; i++)
            Write(draft.Exchanges[i], style, atStart: i == 0, first && i == 0, pieces);
        return pieces;
    }

    private static void Write(NanoExchange exchange, NanoStyle style, bool atStart, bool empty, List<NanoPiece> pieces)
    {
        (string before, string between) = style switch
        {
            NanoStyle.Plain => (empty ? "" : " ", " "),
            NanoStyle.Lines => (empty ? "Question: " : "\nQuestion: ", "\nAnswer: "),
            _ => (atStart ? empty ? "" : "\n\n" : "<|user|>", "<|end|><|assistant|>"),
        };
        Add(before + exchange.Question, NanoPart.Question);
        string answer = between;
        if (exchange.Lead.Length > 0)
        {
            Add(answer + exchange.Lead, NanoPart.Lead);
            answer = " ";
        }

        Add(answer + exchange.Answer + (style == NanoStyle.Chat ? "<|end|>" : ""), NanoPart.Answer);

        void Add(string text, NanoPart part)
        {
            // What stands between the parts is no part of the answer; a space belongs to the word after it.
            int end = text.StartsWith(' ') ? 0 : text.StartsWith(between, StringComparison.Ordinal) && part != NanoPart.Question ? between.TrimEnd(' ').Length : 0;
            if (end > 0)
                pieces.Add(new NanoPiece(text[..end], NanoPart.Question));
            pieces.Add(new NanoPiece(text[end..], part));
        }
    }

    private static int StyleCost(NanoStyle style) => style switch { NanoStyle.Plain => 0, NanoStyle.Lines => 6, _ => 4 };

    private int Cost(string sentence) => count(" " + sentence);

    private int Cost(NanoExchange exchange, NanoStyle style) => count(" " + exchange.Question) + count(" " + exchange.FullAnswer) + StyleCost(style);

    /// <summary>Draws how many units, mostly near what fits: many facts and many questions teach most for a token read.</summary>
    private int MostUnits(NanoRequest request, int room, NanoRandom random)
    {
        if (random.Chance(SparseShare))
            return random.Next(1, 5);
        List<NanoUnit> probe = request.Task.Make(random, 3, room);
        double cost = probe.Average(unit => unit.Sentences.Sum(Cost) + unit.Exchanges.Sum(exchange => Cost(exchange, request.Style)));
        if (!request.Task.HasFacts)
            return Math.Max(1, (int)(room / cost));
        return Math.Max(1, (int)Math.Round(Math.Pow(Math.Max(1, room / cost), Math.Sqrt(random.NextDouble()))));
    }

    /// <summary>Drops questions until the rest fits, and says how many tokens are left; below zero when not even one fits.</summary>
    private int Fit(List<NanoExchange> exchanges, int room, NanoRequest request)
    {
        int kept = 0;
        foreach (NanoExchange exchange in exchanges.Take(request.MaxQuestions))
        {
            int cost = Cost(exchange, request.Style);
            if (cost > room && kept > 0)
                break;
            room -= cost;
            kept++;
        }

        exchanges.RemoveRange(kept, exchanges.Count - kept);
        return room;
    }

    /// <summary>Strews the units' sentences among filler; sentences of one unit keep their order.</summary>
    private List<string> Scatter(NanoRandom random, List<NanoUnit> units, int room)
    {
        List<int> order = [.. units.SelectMany((unit, i) => unit.Sentences.Select(_ => i))];
        if (order.Count == 0 && room <= 0)
            return [];
        random.Shuffle(order);
        int[] next = new int[units.Count];
        string[] facts = [.. order.Select(unit => units[unit].Sentences[next[unit]++])];
        var filler = new List<string>();
        while (room > 0)
        {
            string sentence = NanoFiller.Sentence(random);
            if ((room -= Cost(sentence)) >= 0)
                filler.Add(sentence);
        }

        bool[] isFact = [.. Enumerable.Repeat(true, facts.Length), .. new bool[filler.Count]];
        random.Shuffle(isFact);
        int fact = 0, other = 0;
        return [NanoFiller.Opening(random), .. isFact.Select(each => each ? facts[fact++] : filler[other++])];
    }
}
