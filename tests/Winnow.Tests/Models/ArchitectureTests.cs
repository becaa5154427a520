using Winnow.Caching;
using Winnow.Caching.Storage;
using Winnow.Formats;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Linear;
using Winnow.Kernels.Threading;
using Winnow.Models;
using Winnow.Tests.Formats;

namespace Winnow.Tests.Models;

public sealed class ArchitectureTests : IDisposable
{
    private static readonly int[] Text = [3, 14, 15, 9, 26, 5, 35, 8, 9, 7, 49, 0];

    private readonly TempFolder _folder = new();

    public static TheoryData<string> Published =>
        ["llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "opt", "gpt_neox", "gpt_neox_serial"];

    public static TheoryData<string> InGguf => ["llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "gpt_neox"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Published))]
    public void A_published_checkpoint_computes_what_its_definition_says(string family)
    {
        TinyModel tiny = TinyFamilies.Create(family);
        using Checkpoint checkpoint = tiny.OpenSafetensors(_folder);
        AssertSameLogits(tiny, checkpoint);
    }

    [Theory]
    [MemberData(nameof(InGguf))]
    public void A_gguf_file_computes_what_the_published_checkpoint_says(string family)
    {
        TinyModel tiny = TinyFamilies.Create(family);
        using Checkpoint checkpoint = TinyGgufModel.Open(tiny, _folder);
        AssertSameLogits(tiny, checkpoint);
    }

    [Theory]
    [MemberData(nameof(Published))]
    public void The_paged_cache_computes_what_the_definition_says(string family)
    {
        TinyModel tiny = TinyFamilies.Create(family);
        using Checkpoint checkpoint = tiny.OpenSafetensors(_folder);
        AssertSameLogits(tiny, checkpoint, model =>
        {
            PageFormat format = new(model.Config.HeadDim, EntryType.F32);
            using CacheRuntime runtime = new(model.Team, format, integers: false);
            using KvStore store = new(new KvLayout(model.Config.Layers, model.Config.KvHeads, format, EntryFields.None), runtime.Pool);
            using CachedAttention attention = new(model, runtime, store, new PolicyNeeds(), session: null, history: null);
            List<float[]> rows = [];
            foreach (int[] pass in (int[][])[Text[..9], .. Text[9..].Select(id => new[] { id })])
            {
                model.Forward(pass, attention, 0, (_, logits) => rows.Add(logits.ToArray()));
                store.Advance(pass.Length);
            }

            return [.. rows];
        });
    }

    [Theory]
    [MemberData(nameof(Published))]
    public void Texts_side_by_side_compute_what_the_definition_says(string family)
    {
        TinyModel tiny = TinyFamilies.Create(family);
        using Checkpoint checkpoint = tiny.OpenSafetensors(_folder);
        for (int text = 0; text < 3; text++)
            AssertSameLogits(tiny, checkpoint, model => ReadSideBySide(model)[text]);
    }

    /// <summary>Logits of three readings of the text, each two tokens behind the one before, so that rows stand at positions of their own.</summary>
    private static float[][][] ReadSideBySide(DecoderModel model)
    {
        PageFormat format = new(model.Config.HeadDim, EntryType.F32);
        KvLayout layout = new(model.Config.Layers, model.Config.KvHeads, format, EntryFields.None);
        using CacheRuntime runtime = new(model.Team, format, integers: false);
        CachedAttention[] texts = [.. Enumerable.Range(0, 3)
            .Select(_ => new CachedAttention(model, runtime, new KvStore(layout, runtime.Pool), new PolicyNeeds(), session: null, history: null))];
        List<float[]>[] logits = [[], [], []];
        BatchedAttention batch = new();
        for (int step = 0; step < Text.Length + 4; step++)
        {
            int[] reading = [.. Enumerable.Range(0, 3).Where(i => step - 2 * i is >= 0 and < 12)];
            batch.Clear();
            foreach (int i in reading)
                batch.Add(texts[i]);
            model.Forward([.. reading.Select(i => Text[step - 2 * i])], batch, 0, (row, values) => logits[reading[row]].Add(values.ToArray()));
            foreach (int i in reading)
                texts[i].Store.Advance(1);
        }

        foreach (CachedAttention text in texts)
        {
            text.Dispose();
            text.Store.Dispose();
        }

        return [.. logits.Select(rows => rows.ToArray())];
    }

    private static void AssertSameLogits(TinyModel tiny, Checkpoint checkpoint) => AssertSameLogits(tiny, checkpoint, model =>
    {
        NaiveAttention attention = new(model);
        // A chunk, then single tokens: positions and windows must carry over.
        return [.. attention.Run(Text.AsSpan(0, 9)), .. Text[9..].SelectMany(id => attention.Run([id]))];
    });

    private static void AssertSameLogits(TinyModel tiny, Checkpoint checkpoint, Func<DecoderModel, float[][]> run)
    {
        double[][] expected = new ReferenceDecoder(tiny).Logits(Text);
        using ThreadTeam team = new(2);
        using DecoderModel model = ModelLoader.Load(checkpoint, team, ActivationMode.Float);
        float[][] actual = run(model);
        Assert.Equal(expected.Length, actual.Length);
        double spread = expected.SelectMany(row => row).Max() - expected.SelectMany(row => row).Min();
        Assert.True(spread > 1, $"logits that span {spread} would hide an error");
        for (int row = 0; row < expected.Length; row++)
        {
            for (int id = 0; id < TinyModel.Vocabulary; id++)
                Assert.Equal(expected[row][id], actual[row][id], 1e-3);
        }
    }
}
