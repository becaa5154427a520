using Winnow.Caching;
using Winnow.Kernels.Attention;

namespace Winnow.Tests;

public sealed class SequenceBatchTests : IDisposable
{
    private readonly TinyLlamaFile _file = new();
    private readonly LanguageModel _model;

    public SequenceBatchTests() => _model = _file.Load();

    public void Dispose()
    {
        _model.Dispose();
        _file.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void One_or_two_sequences_equal_single_steps_to_the_last_bit(int count)
    {
        using Company together = Read(count), alone = Read(count);
        for (int step = 0; step < 70; step++)
        {
            together.DecodeBatch(step);
            alone.DecodeEach(step);
            Assert.Equal(alone.Logits, together.Logits);
        }
    }

    // Three rows and more pass the matrix products in tiles, whose sums are rounded in another order.
    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(17)]
    public void More_sequences_equal_single_steps_but_for_rounding(int count)
    {
        using Company together = Read(count, EntryType.F32), alone = Read(count, EntryType.F32);
        for (int step = 0; step < 20; step++)
        {
            together.DecodeBatch(step);
            alone.DecodeEach(step);
            for (int i = 0; i < count; i++)
                Assert.InRange(Distance(alone[i].Logits, together[i].Logits), 0, 2e-5);
        }
    }

    [Fact]
    public void Logits_do_not_depend_on_order_or_company()
    {
        using Company first = Read(4), second = Read(4), strangers = Read(4, seed: 90);
        for (int step = 0; step < 10; step++)
        {
            first.DecodeBatch(step);
            _model.DecodeBatch([strangers[0], second[3], second[1], second[0]], [200, Company.Token(step, 3), Company.Token(step, 1), Company.Token(step, 0)]);
            foreach (int i in new[] { 0, 1, 3 })
                Assert.Equal(first[i].Logits.ToArray(), second[i].Logits.ToArray());
        }
    }

    [Fact]
    public void Policies_entry_types_lengths_and_position_modes_may_differ()
    {
        using Company together = Mixed(), alone = Mixed();
        for (int step = 0; step < 40; step++)
        {
            // Pairs, so that every logit must agree.
            for (int i = 0; i < together.Count; i += 2)
                _model.DecodeBatch([together[i + 1], together[i]], [Company.Token(step, i + 1), Company.Token(step, i)]);
            alone.DecodeEach(step);
            Assert.Equal(alone.Logits, together.Logits);
        }

        together.DecodeBatch(40);
        alone.DecodeEach(40);
        for (int i = 0; i < together.Count; i++)
        {
            Assert.InRange(Distance(alone[i].Logits, together[i].Logits), 0, 1e-2);
            Assert.Equal(alone[i].Position, together[i].Position);
            Assert.Equal(alone[i].Cache.Entries, together[i].Cache.Entries);
        }
    }

    [Fact]
    public void Sequences_join_and_leave_between_steps()
    {
        using Company together = Read(3, EntryType.F32), alone = Read(3, EntryType.F32);
        int[][] batches = [[0, 1], [0, 1, 2], [2], [1, 2], [0, 2], [2, 1, 0]];
        foreach (int[] batch in batches)
        {
            _model.DecodeBatch([.. batch.Select(i => together[i])], [.. batch.Select(i => 40 + i)]);
            foreach (int i in batch)
                Assert.InRange(Distance(alone[i].Decode(40 + i), together[i].Logits), 0, 2e-5);
        }
    }

    [Fact]
    public void Forks_of_one_sequence_step_together()
    {
        using Company read = Read(1);
        using Sequence fork = read[0].Fork(), other = read[0].Fork(), check = read[0].Fork();
        for (int step = 0; step < 70; step++)
        {
            _model.DecodeBatch([fork, other], [Company.Token(step, 1), Company.Token(step, 2)]);
            Assert.Equal(check.Decode(Company.Token(step, 1)).ToArray(), fork.Logits.ToArray());
        }

        Assert.NotEqual(fork.Logits.ToArray(), other.Logits.ToArray());
    }

    [Fact]
    public void What_cannot_work_is_refused_before_anything_changes()
    {
        using LanguageModel secondModel = _file.Load();
        using Company company = Read(2);
        using Sequence foreign = secondModel.CreateSequence(), full = _model.CreateSequence(), unfinished = _model.CreateSequence();
        Sequence disposed = _model.CreateSequence();
        disposed.Dispose();
        full.Prefill(TinyLlamaFile.Tokens(_model.Model.Config.ContextLength));
        unfinished.PrefillPrefix(TinyLlamaFile.Tokens(10));
        int[] before = [company[0].Position, company[1].Position];
        Refused<ArgumentException>("sequences 0 and 2 of the batch are the same", company[0], company[1], company[0]);
        Refused<ArgumentException>("sequence 1 of the batch belongs to another model", company[0], foreign);
        Refused<ObjectDisposedException>("sequence 1 of the batch", company[0], disposed);
        Refused<WinnowException>("sequence 2 of the batch cannot go on: the text of 2049 tokens is longer", company[0], company[1], full);
        Refused<WinnowException>("sequence 1 of the batch cannot go on: the prompt is not finished", company[0], unfinished);
        Refused<ArgumentException>("at least one sequence");
        Assert.Contains("2 sequences need as many tokens, not 1",
            Assert.Throws<ArgumentException>(() => _model.DecodeBatch([company[0], company[1]], [5])).Message, StringComparison.Ordinal);
        Assert.Contains("sequence 1 of the batch cannot go on: token id 260 does not exist",
            Assert.Throws<WinnowException>(() => _model.DecodeBatch([company[0], company[1]], [5, 260])).Message, StringComparison.Ordinal);
        Assert.Equal(before, new[] { company[0].Position, company[1].Position });
        using Company untouched = Read(2);
        company.DecodeBatch(0);
        untouched.DecodeBatch(0);
        Assert.Equal(untouched.Logits, company.Logits);
    }

    [Theory]
    [InlineData("full", "100%")]
    [InlineData("h2o", "25%")]
    [InlineData("snapkv", "25%")]
    [InlineData("morphkv", "25%")]
    [InlineData("streaming-llm:position=rolling", "64")]
    public void A_step_of_a_batch_allocates_nothing(string policy, string keep)
    {
        using Company company = new(_model, [.. Enumerable.Range(0, 5).Select(i =>
        {
            Sequence sequence = _model.CreateSequence(PolicyCatalogue.Parse(policy, Budget.Parse(keep)));
            sequence.Prefill(TinyLlamaFile.Tokens(200 + 30 * i, seed: i));
            return sequence;
        })]);
        for (int step = 0; step < 80; step++)
            company.DecodeBatch(step);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 0; step < 100; step++)
            company.DecodeBatch(step);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData("sage-kv")]
    [InlineData("h2o")]
    [InlineData("snapkv")]
    [InlineData("tova")]
    [InlineData("morphkv")]
    [InlineData("zeromerge")]
    [InlineData("fastgen")]
    [InlineData("quest")]
    [InlineData("fourier")]
    [InlineData("random")]
    [InlineData("streaming-llm:position=rolling")]
    public void Policies_decide_the_same_on_one_thread_and_on_several(string policy)
    {
        using LanguageModel serial = _file.Load(threads: 1), shared = _file.Load(threads: 3);
        using Company one = Guided(serial), several = Guided(shared);
        for (int step = 0; step < 70; step++)
        {
            one.DecodeBatch(step);
            several.DecodeBatch(step);
            Assert.Equal(one.Logits, several.Logits);
        }

        Company Guided(LanguageModel model) => new(model, [.. Enumerable.Range(0, 5).Select(i =>
        {
            Sequence sequence = model.CreateSequence(PolicyCatalogue.Parse(policy, Budget.Parse("40")));
            sequence.Prefill(TinyLlamaFile.Tokens(60 + 31 * i, seed: i));
            return sequence;
        })]);
    }

    private void Refused<TException>(string sentence, params Sequence[] sequences)
        where TException : Exception =>
        Assert.Contains(
            sentence, Assert.ThrowsAny<TException>(() => _model.DecodeBatch(sequences, new int[sequences.Length])).Message, StringComparison.Ordinal);

    /// <summary>Full caches of several lengths, some of them several runs of pages.</summary>
    private Company Read(int count, EntryType entries = EntryType.F16, int seed = 1) => new(_model, [.. Enumerable.Range(0, count).Select(i =>
    {
        Sequence sequence = _model.CreateSequence(entries: entries);
        sequence.Prefill(TinyLlamaFile.Tokens(i == 1 ? 700 : 37 + 61 * i, seed + i));
        return sequence;
    })]);

    private Company Mixed()
    {
        (string Policy, EntryTypes Entries)[] kinds =
        [
            ("full", EntryType.F16), ("streaming-llm:position=rolling", EntryType.F16), ("h2o", EntryType.Q8_0), ("snapkv", EntryType.F16),
            ("zeromerge", new EntryTypes(EntryType.Q8_0, EntryType.Q4_0)), ("quest", EntryType.F32), ("fourier", EntryType.F16), ("h2o", EntryType.F16),
        ];
        return new(_model, [.. kinds.Select((kind, i) =>
        {
            Sequence sequence = _model.CreateSequence(PolicyCatalogue.Parse(kind.Policy, Budget.Parse("120")), kind.Entries);
            sequence.Prefill(TinyLlamaFile.Tokens(250 + 41 * i, seed: i));
            return sequence;
        })]);
    }

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

    /// <summary>Sequences that step together or one after another, with the same tokens either way.</summary>
    private sealed class Company(LanguageModel model, Sequence[] sequences) : IDisposable
    {
        private readonly int[] _tokens = new int[sequences.Length];

        public int Count => sequences.Length;

        public float[][] Logits => [.. sequences.Select(sequence => sequence.Logits.ToArray())];

        public Sequence this[int index] => sequences[index];

        public static int Token(int step, int sequence) => 3 + (7 * step + 31 * sequence) % 250;

        public void DecodeBatch(int step)
        {
            for (int i = 0; i < sequences.Length; i++)
                _tokens[i] = Token(step, i);
            model.DecodeBatch(sequences, _tokens);
        }

        public void DecodeEach(int step)
        {
            for (int i = 0; i < sequences.Length; i++)
                sequences[i].Decode(Token(step, i));
        }

        public void Dispose()
        {
            foreach (Sequence sequence in sequences)
                sequence.Dispose();
        }
    }
}
