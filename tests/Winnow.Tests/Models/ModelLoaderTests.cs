using System.Text.Json.Nodes;
using Winnow.Formats;
using Winnow.Kernels.Linear;
using Winnow.Kernels.Threading;
using Winnow.Models;
using Winnow.Tests.Formats;

namespace Winnow.Tests.Models;

public sealed class ModelLoaderTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ThreadTeam _team = new(1);

    public void Dispose()
    {
        _team.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void An_unknown_architecture_is_refused_with_the_known_ones() =>
        AssertRefused(Tiny().With("model_type", "mamba"), "architecture 'mamba' is not supported; known are gemma2,");

    [Theory]
    [InlineData("num_hidden_layers", 0, "'num_hidden_layers' is 0")]
    [InlineData("num_key_value_heads", 3, "4 query heads cannot share 3")]
    [InlineData("hidden_size", 1 << 30, "'hidden_size' is 1073741824")]
    [InlineData("vocab_size", 51, "'vocab_size' is 51 but the embedding has 50 rows")]
    [InlineData("max_position_embeddings", -1, "'max_position_embeddings' is -1")]
    [InlineData("rope_theta", 0.5, "'rope_theta' is 0.5")]
    [InlineData("intermediate_size", "x", "'intermediate_size' of config.json does not hold")]
    [InlineData("head_dim", 15, "15 rotated channels")]
    [InlineData("hidden_act", "mish", "activation 'mish' is not supported")]
    public void A_setting_that_cannot_be_is_named_with_its_value(string setting, object value, string sentence) =>
        AssertRefused(Tiny().With(setting, JsonValue.Create(value)), sentence);

    [Fact]
    public void A_missing_setting_is_named()
    {
        TinyModel tiny = Tiny();
        tiny.Config.Remove("num_attention_heads");
        AssertRefused(tiny, "'num_attention_heads' is missing");
    }

    [Fact]
    public void A_missing_tensor_is_named()
    {
        TinyModel tiny = Tiny();
        tiny.Tensors.Remove("model.layers.1.mlp.up_proj.weight");
        AssertRefused(tiny, "'model.layers.1.mlp.up_proj.weight' is missing");
    }

    [Fact]
    public void A_tensor_of_another_shape_is_named_with_both_shapes() =>
        AssertRefused(
            Tiny().Matrix("model.layers.2.self_attn.k_proj", 16, TinyModel.Width),
            "'model.layers.2.self_attn.k_proj.weight' has shape [16, 64] where [32, 64] is needed");

    [Fact]
    public void An_unknown_rotary_scaling_is_refused() =>
        AssertRefused(Tiny().With("rope_scaling", new JsonObject { ["rope_type"] = "spiral" }), "rotary scaling 'spiral' is not supported");

    [Fact]
    public void Opt_with_norms_after_its_blocks_is_refused() =>
        AssertRefused(TinyFamilies.Create("opt").With("do_layer_norm_before", false), "this variant of OPT");

    [Fact]
    public void Scaling_for_long_texts_is_read_in_the_old_and_in_the_new_form()
    {
        JsonObject Yarn(string name) => new() { [name] = "yarn", ["factor"] = 4.0, ["original_max_position_embeddings"] = 16 };
        RotaryConfig old = Config(Tiny().With("rope_scaling", Yarn("type"))).Rotary!;
        JsonObject parameters = Yarn("rope_type");
        parameters["rope_theta"] = 5000;
        RotaryConfig recent = Config(Tiny().With("rope_theta", null).With("rope_parameters", parameters)).Rotary!;
        Assert.Equal((RotaryScalingKind.Yarn, 4, 16, 5000), (old.Scaling.Kind, old.Scaling.Factor, old.Scaling.OriginalContextLength, old.Theta));
        Assert.Equal(old, recent);
    }

    [Theory]
    [InlineData(0, 3.0)]
    [InlineData(32, 2.0)]
    [InlineData(33, 3.0)]
    public void Long_rope_takes_the_divisors_of_the_length_asked_for(int contextLength, double expected)
    {
        JsonArray Repeat(double value) => new([.. Enumerable.Repeat(value, 4).Select(item => JsonValue.Create(item))]);
        TinyModel tiny = TinyFamilies.Create("phi3").With("original_max_position_embeddings", 32)
            .With("rope_scaling", new JsonObject { ["type"] = "longrope", ["short_factor"] = Repeat(2), ["long_factor"] = Repeat(3) });
        RotaryScaling scaling = Config(tiny, contextLength).Rotary!.Scaling;
        Assert.Equal([expected, expected, expected, expected], scaling.Divisors!);
        Assert.Equal(2, scaling.Factor);
    }

    [Fact]
    public void Divisors_that_a_gguf_file_carries_slow_the_frequencies()
    {
        TinyModel tiny = Tiny();
        tiny.Add("rope_freqs.weight", 2, 0, 8);
        using Checkpoint checkpoint = TinyGgufModel.Open(tiny, _folder);
        Assert.Equal(Enumerable.Repeat(2.0, 8), ModelLoader.ReadConfig(checkpoint).Rotary!.Scaling.Divisors!);
    }

    [Fact]
    public void A_file_without_a_head_uses_its_embedding()
    {
        TinyModel tiny = Tiny();
        tiny.Tensors.Remove("lm_head.weight");
        Assert.True(Config(tiny).TiedEmbeddings);
    }

    [Theory]
    [InlineData(50)]
    [InlineData(-1)]
    public void A_token_outside_the_vocabulary_is_refused_and_the_model_lives_on(int id)
    {
        using Checkpoint checkpoint = Tiny().OpenSafetensors(_folder);
        using DecoderModel model = ModelLoader.Load(checkpoint, _team, ActivationMode.Float);
        NaiveAttention attention = new(model);
        Assert.Contains(
            $"token id {id} is outside the vocabulary of 50", Assert.Throws<WinnowException>(() => attention.Run([id])).Message, StringComparison.Ordinal);
        Assert.Single(attention.Run([1]));
    }

    [Fact]
    public void A_position_without_a_learned_row_is_refused()
    {
        using Checkpoint checkpoint = TinyFamilies.Create("opt").OpenSafetensors(_folder);
        using DecoderModel model = ModelLoader.Load(checkpoint, _team, ActivationMode.Float);
        NaiveAttention attention = new(model);
        attention.Run(new int[TinyModel.Context], TinyModel.Context);
        Assert.Contains("position 64 lies past the 64 learned", Assert.Throws<WinnowException>(() => attention.Run([1])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(19)]
    [InlineData(40)]
    public void Only_the_rows_asked_for_reach_the_handler_and_do_not_depend_on_it(int first)
    {
        using Checkpoint checkpoint = Tiny().OpenSafetensors(_folder);
        using DecoderModel model = ModelLoader.Load(checkpoint, _team, ActivationMode.Float);
        int[] text = [.. Enumerable.Range(0, 40)];
        float[][] all = new NaiveAttention(model).Run(text);
        Assert.Equal(all[first..], new NaiveAttention(model).Run(text, first));
    }

    [Fact]
    public void A_decoded_token_allocates_nothing()
    {
        using Checkpoint checkpoint = Tiny().OpenSafetensors(_folder);
        using DecoderModel model = ModelLoader.Load(checkpoint, _team);
        Blind attention = new();
        float best = 0;
        LogitsHandler handler = (_, logits) => best = logits[0];
        int[] token = [1];
        for (int i = 0; i < 50; i++)
            model.Forward(token, attention, 0, handler);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
            model.Forward(token, attention, 0, handler);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.NotEqual(0, best);
    }

    private static TinyModel Tiny() => TinyFamilies.Create("llama");

    private ModelConfig Config(TinyModel tiny, int contextLength = 0)
    {
        using Checkpoint checkpoint = tiny.OpenSafetensors(_folder);
        return ModelLoader.ReadConfig(checkpoint, contextLength);
    }

    private void AssertRefused(TinyModel tiny, string sentence)
    {
        using Checkpoint checkpoint = tiny.OpenSafetensors(_folder);
        WinnowException error = Assert.Throws<WinnowException>(() => ModelLoader.Load(checkpoint, _team));
        Assert.Contains(sentence, error.Message, StringComparison.Ordinal);
        Assert.StartsWith(_folder.Path, error.Message, StringComparison.Ordinal);
    }

    private sealed class Blind : SequenceAttention
    {
        public override int PositionOf(int row) => row;

        public override void Attend(int layer, Span<float> queries, Span<float> keys, Span<float> values, int tokens, Span<float> output) =>
            queries.CopyTo(output);
    }
}
