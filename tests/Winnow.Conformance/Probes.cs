using Winnow.Caching;
using Winnow.Caching.Storage;
using Winnow.Kernels.Attention;
using Winnow.Tests;

namespace Winnow.Conformance;

/// <summary>Puts policies to use on tiny models and says what came of it. Budgets are counts, so that they do not depend on how much has been read.</summary>
public sealed class Probes : IDisposable
{
    private const int Prompt = 300;
    private const string Keep = "75";
    private const int Window = 64;
    private const int Answer = 200;

    // Chunks of another size round elsewhere; a policy that chose other entries would be off by a thousand times more.
    private const double Rounding = 1e-3;
    private readonly TinyLlamaFile _plain = new(), _sliding = new(Window);
    private readonly LanguageModel _model, _coarse, _windowed;

    /// <summary>Writes and loads the models.</summary>
    public Probes() => (_model, _coarse, _windowed) = (_plain.Load(), _plain.Load(chunkSize: 512), _sliding.Load());

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.Dispose();
        _coarse.Dispose();
        _windowed.Dispose();
        _plain.Dispose();
        _sliding.Dispose();
    }

    /// <summary>Two prompts with the same beginning, which is read once, against each read at once.</summary>
    internal Outcome PrefixReuse(PolicyRow row)
    {
        int[] shared = TinyLlamaFile.Tokens(190);
        using Sequence trunk = Create(row, Keep, EntryType.F32);
        trunk.PrefillPrefix(shared);
        foreach (int length in new[] { 60, 110 })
        {
            int[] question = TinyLlamaFile.Tokens(length, seed: length);
            using Sequence fork = trunk.Fork(), whole = Create(row, Keep, EntryType.F32);
            double distance = Distance(whole.Prefill([.. shared, .. question]), fork.Prefill(question));
            if (distance > Rounding || !SameEntries(whole, fork) || Distance(whole.Decode(9), fork.Decode(9)) > Rounding)
                return new Outcome(Verdict.Fails, $"a question of {length} tokens after a shared beginning ends elsewhere, by {distance}");
        }

        return new Outcome(Verdict.Works);
    }

    /// <summary>Trunk and fork go on differently, each as if it had been alone.</summary>
    internal Outcome Fork(PolicyRow row)
    {
        using Sequence trunk = Create(row, Keep), alone = Create(row, Keep);
        trunk.Prefill(TinyLlamaFile.Tokens(Prompt));
        alone.Prefill(TinyLlamaFile.Tokens(Prompt));
        using Sequence fork = trunk.Fork();
        bool equal = true;
        for (int token = 0; token < 30; token++)
        {
            trunk.Decode(100 - token);
            equal &= alone.Decode(50 + token).SequenceEqual(fork.Decode(50 + token));
        }

        return Outcome.Require(equal, "a fork is disturbed by its trunk");
    }

    /// <summary>Back into the middle of the prompt after the policy has acted.</summary>
    internal Outcome Rollback(PolicyRow row)
    {
        const int earlier = 200;
        using Sequence sequence = Create(row, Keep), straight = Create(row, Keep);
        int[] tokens = TinyLlamaFile.Tokens(Prompt);
        sequence.Prefill(tokens);
        straight.Prefill(tokens.AsSpan(0, earlier));
        Decode(sequence, 60, 5);
        sequence.Truncate(earlier);
        return Outcome.Require(straight.Decode(44).SequenceEqual(sequence.Decode(44)), $"going back to position {earlier} does not restore it");
    }

    /// <summary>Back to an earlier token of the answer, as speculation asks for.</summary>
    internal Outcome RollbackInAnswer(PolicyRow row)
    {
        using Sequence sequence = Create(row, Keep), straight = Create(row, Keep);
        sequence.Prefill(TinyLlamaFile.Tokens(Prompt));
        straight.Prefill(TinyLlamaFile.Tokens(Prompt));
        Decode(sequence, 60, 5);
        Decode(straight, 60, 2);
        sequence.Truncate(Prompt + 2);
        bool equal = true;
        for (int token = 0; token < 5; token++)
            equal &= straight.Decode(44 + token).SequenceEqual(sequence.Decode(44 + token));
        return Outcome.Require(equal, "going back within the answer does not restore it");
    }

    /// <summary>Entries of 8 bits.</summary>
    internal Outcome EightBits(PolicyRow row) => Quantised(row, EntryType.Q8_0, smaller: 3, alike: 0.95);

    /// <summary>Entries of 4 bits.</summary>
    internal Outcome FourBits(PolicyRow row) => Quantised(row, EntryType.Q4_0, smaller: 6, alike: 0.6);

    /// <summary>A sequence in two batches, in another place with others beside it, and alone.</summary>
    internal Outcome Batch(PolicyRow row)
    {
        using Sequence here = Read(row, 1), there = Read(row, 1), alone = Read(row, 1);
        using Sequence b = Read(row, 2), c = Read(row, 3), d = Read(row, 4), e = Read(row, 5);
        bool equal = true;
        double distance = 0;
        for (int token = 20; token < 60; token++)
        {
            _model.DecodeBatch([here, b, c], [token, token + 60, token + 90]);
            _model.DecodeBatch([d, e, there], [token + 70, token + 80, token]);
            equal &= here.Logits.SequenceEqual(there.Logits);
            distance = Math.Max(distance, Distance(alone.Decode(token), here.Logits));
        }

        return Outcome.Require(
            equal && distance <= Rounding && SameEntries(alone, here),
            $"others beside a sequence do not change it: {equal}; it is off its run alone by {distance}");
    }

    /// <summary>A model with three query heads to a KV head.</summary>
    internal Outcome GroupedQueries(PolicyRow row) => RunOn(_model, row);

    /// <summary>A model whose layers all see 64 tokens.</summary>
    internal Outcome SlidingWindow(PolicyRow row) => RunOn(_windowed, row);

    /// <summary>The same prompt in chunks of 100 and of 512.</summary>
    internal Outcome Chunks(PolicyRow row)
    {
        using Sequence small = Create(row, Keep, EntryType.F32), large = _coarse.CreateSequence(row.Choose(Keep), EntryType.F32);
        double distance = Distance(small.Prefill(TinyLlamaFile.Tokens(400)), large.Prefill(TinyLlamaFile.Tokens(400)));
        return Outcome.Require(distance <= Rounding && SameEntries(small, large), $"chunks of another size end elsewhere, by {distance}");
    }

    /// <summary>A text longer than the model's window, with the policy's defaults or else with rolling positions.</summary>
    internal Outcome BeyondWindow(PolicyRow row)
    {
        Outcome plain = Outcome.Of(() => Outgrow(row.Choose("200")));
        if (plain.Verdict != Verdict.Refused || !row.MayRoll)
            return plain;
        const string option = "position=rolling";
        Outcome rolling = Outgrow(PolicyCatalogue.Parse($"{row.Text}:{option}", Budget.Parse("200")));
        return rolling.Verdict == Verdict.Works ? rolling with { Note = $"with `{option}`" } : rolling;
    }

    /// <summary>Whether lanes hold their size while an answer grows.</summary>
    internal Outcome DecodeTimeEviction(PolicyRow row)
    {
        using Sequence sequence = Create(row, Keep);
        sequence.Prefill(TinyLlamaFile.Tokens(Prompt));
        Decode(sequence, 20, 1);
        int[] before = [.. Lanes(sequence).Select(lane => lane.Length)];
        Decode(sequence, 20, Answer);
        int[] grown = [.. Lanes(sequence).Zip(before, (lane, length) => lane.Length - length)];
        return new Outcome(grown.Max() <= 1 ? Verdict.Works : grown.Min() < Answer ? Verdict.Partly : Verdict.Absent);
    }

    private static Outcome RunOn(LanguageModel model, PolicyRow row)
    {
        using Sequence full = model.CreateSequence(), all = model.CreateSequence(row.Choose("100%")), some = model.CreateSequence(row.Choose(Keep));
        bool equal = full.Prefill(TinyLlamaFile.Tokens(Prompt)).SequenceEqual(all.Prefill(TinyLlamaFile.Tokens(Prompt)));
        some.Prefill(TinyLlamaFile.Tokens(Prompt));
        bool within = row.Text == "full" || row.Descriptor.KeepsEverything
            || some.Cache.Entries <= (Budget.Parse(Keep).Resolve(Prompt, 1, 1, 1) + 1L) * some.Cache.Layout.Lanes;
        bool finite = true;
        for (int token = 20; token < 60; token++)
        {
            equal &= full.Decode(token).SequenceEqual(all.Decode(token));
            finite &= some.Decode(token).IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) < 0;
        }

        return Outcome.Require(
            equal && within && finite, $"keeping everything equals the full cache: {equal}; the budget holds: {within}; logits are finite: {finite}");
    }

    private Outcome Quantised(PolicyRow row, EntryType type, int smaller, double alike)
    {
        using Sequence exact = Create(row, "150", EntryType.F32), quantised = Create(row, "150", type);
        exact.Prefill(TinyLlamaFile.Tokens(Prompt));
        quantised.Prefill(TinyLlamaFile.Tokens(Prompt));
        // The first layer alone: what the second one reads has already been rounded by its entries, and a random model magnifies that.
        double common = Lanes(exact).Zip(Lanes(quantised)).Take(TinyLlamaFile.KvHeads).Average(pair => Common(pair.First, pair.Second));
        bool finite = quantised.Decode(9).IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) < 0;
        return Outcome.Require(
            finite && common >= alike && quantised.Cache.KvBytes * smaller < exact.Cache.KvBytes,
            $"entries of type {type} keep {common:P0} of the same tokens in {(double)quantised.Cache.KvBytes / exact.Cache.KvBytes:P0} of the bytes");
    }

    /// <summary>Share of the longer lane's tokens that both hold.</summary>
    private static double Common(Lane a, Lane b) =>
        (double)a.Positions.ToArray().Intersect(b.Positions.ToArray()).Count() / Math.Max(a.Length, b.Length);

    private Outcome Outgrow(ChosenPolicy policy)
    {
        int window = _model.Model.Config.ContextLength;
        using Sequence sequence = _model.CreateSequence(policy);
        sequence.Prefill(TinyLlamaFile.Tokens(window + 200));
        bool finite = true;
        for (int token = 20; token < 60; token++)
            finite &= sequence.Decode(token).IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) < 0;
        return Outcome.Require(finite && sequence.Cache.LongestLane <= window, $"lanes hold {sequence.Cache.LongestLane}; logits are finite: {finite}");
    }

    private Sequence Read(PolicyRow row, int seed)
    {
        Sequence sequence = Create(row, Keep, EntryType.F32);
        sequence.Prefill(TinyLlamaFile.Tokens(seed == 1 ? Prompt : Prompt - 40 + 35 * seed, seed));
        return sequence;
    }

    private static void Decode(Sequence sequence, int first, int count)
    {
        for (int token = 0; token < count; token++)
            sequence.Decode(first + token);
    }

    private static IEnumerable<Lane> Lanes(Sequence sequence) =>
        Enumerable.Range(0, sequence.Cache.Layout.Lanes).Select(lane => sequence.Cache[lane / TinyLlamaFile.KvHeads, lane % TinyLlamaFile.KvHeads]);

    private static bool SameEntries(Sequence a, Sequence b) => Lanes(a).Zip(Lanes(b))
        .All(pair => pair.First.Positions.ToArray().Order().SequenceEqual(pair.Second.Positions.ToArray().Order()));

    private static double Distance(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double difference = 0, size = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow(expected[i] - actual[i], 2);
            size += Math.Pow(expected[i], 2);
        }

        return Math.Sqrt(difference / size);
    }

    private Sequence Create(PolicyRow row, string keep, EntryType entries = EntryType.F16) => _model.CreateSequence(row.Choose(keep), entries);
}
