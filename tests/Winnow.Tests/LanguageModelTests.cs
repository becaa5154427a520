using System.Numerics.Tensors;
using System.Text.Json.Nodes;
using Winnow.Caching;
using Winnow.Kernels.Attention;
using Winnow.Tests.Formats;
using Winnow.Tests.Models;

namespace Winnow.Tests;

public sealed class LanguageModelTests
{
    [Theory]
    [InlineData("llama")]
    [InlineData("qwen3")]
    [InlineData("gemma2")]
    [InlineData("opt")]
    public void A_published_folder_is_read_with_its_tokenizer_and_answers_under_every_policy(string family)
    {
        using TempFolder folder = new();
        using LanguageModel model = Publish(family, folder);
        int[] prompt = [.. model.Tokenizer.Encode("abcabcabcabcabcabcabcabc")];
        Assert.Equal(24, prompt.Length);
        foreach (PolicyDescriptor descriptor in PolicyCatalogue.All)
        {
            ChosenPolicy policy = PolicyCatalogue.Parse(descriptor.Name, Budget.Parse("50%"));
            bool windows = model.Model.Config.SlidingWindow == 0 || descriptor.Survives.HasFlag(CacheFeatures.SlidingWindow);
            bool positions = model.Model.Config.Rotary is not null || policy.Policy.Needs.Positions == PositionMode.Original;
            if (!windows || !positions)
            {
                Assert.Contains($"'{descriptor.Name}'", Assert.Throws<WinnowException>(() => model.CreateSequence(policy)).Message, StringComparison.Ordinal);
                continue;
            }

            using Sequence sequence = model.CreateSequence(policy);
            sequence.Prefill(prompt);
            for (int token = 0; token < 10; token++)
                Assert.All(sequence.Decode(token).ToArray(), logit => Assert.True(float.IsFinite(logit)));
        }
    }

    [Fact]
    public void A_policy_that_cannot_work_with_the_model_is_refused_with_both_names()
    {
        using TempFolder folder = new();
        using LanguageModel model = Publish("opt", folder);
        WinnowException error = Assert.Throws<WinnowException>(
            () => model.CreateSequence(PolicyCatalogue.Parse("streaming-llm:position=rolling", Budget.Parse("50%"))));
        Assert.Contains("'streaming-llm'", error.Message, StringComparison.Ordinal);
        Assert.Contains("opt", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, 512, "threads")]
    [InlineData(0, 0, "chunk")]
    public void Options_out_of_range_are_refused_before_anything_is_opened(int threads, int chunk, string word)
    {
        WinnowException error = Assert.Throws<WinnowException>(
            () => LanguageModel.Load("no such file", new ModelOptions { Threads = threads, ChunkSize = chunk }));
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Entry_types_differ_in_bytes_and_hardly_in_numbers()
    {
        using TinyLlamaFile file = new();
        using LanguageModel model = file.Load();
        Dictionary<EntryType, (long Bytes, float[] Logits)> results = [];
        foreach (EntryType type in Enum.GetValues<EntryType>())
        {
            using Sequence sequence = model.CreateSequence(entries: type);
            results[type] = (0, sequence.Prefill(TinyLlamaFile.Tokens(100)).ToArray());
            results[type] = (sequence.Cache.KvBytes, results[type].Logits);
        }

        Assert.Equal(results[EntryType.F32].Bytes, 2 * results[EntryType.F16].Bytes);
        Assert.Equal(results[EntryType.F16].Bytes, results[EntryType.BF16].Bytes);
        Assert.Equal(results[EntryType.F16].Bytes * 17, results[EntryType.Q8_0].Bytes * 32);
        Assert.Equal(results[EntryType.Q8_0].Bytes * 9, results[EntryType.Q4_0].Bytes * 17);
        Assert.Equal(results[EntryType.Q4_0].Bytes * 10, results[EntryType.Q4_1].Bytes * 9);
        Assert.Equal(results[EntryType.F32].Logits, results[EntryType.F16].Logits, (a, b) => MathF.Abs(a - b) < 0.02f);
        double rough = Distance(EntryType.Q4_0), less = Distance(EntryType.Q4_1), fine = Distance(EntryType.Q8_0);
        Assert.True(rough < 0.8 && less < rough && fine < less / 4, $"{rough}, {less}, {fine}");

        double Distance(EntryType type) => TensorPrimitives.Distance(results[EntryType.F32].Logits, results[type].Logits)
            / TensorPrimitives.Norm(results[EntryType.F32].Logits);
    }

    private static LanguageModel Publish(string family, TempFolder folder)
    {
        TinyFamilies.Create(family).OpenSafetensors(folder).Dispose();
        JsonObject vocabulary = [];
        for (int i = 0; i < TinyModel.Vocabulary; i++)
            vocabulary[((char)('A' + i)).ToString()] = i;
        JsonObject tokenizer = new()
        {
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false },
            ["added_tokens"] = new JsonArray(),
        };
        folder.File("tokenizer.json", System.Text.Encoding.UTF8.GetBytes(tokenizer.ToJsonString()));
        return LanguageModel.Load(folder.Path, new ModelOptions { Threads = 1 });
    }
}
