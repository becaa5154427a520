using TorchSharp;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Blocks;
using Winnow.Kernels.Linear;
using Winnow.Torch;
using Winnow.Training.Nano;
using static TorchSharp.torch;

namespace Winnow.Training.Tests.Nano;

[Collection("torch")]
public sealed class NanoModelTests
{
    [Fact]
    public void The_engine_computes_from_the_exported_file_what_the_model_computes()
    {
        using TempFolder folder = new();
        string path = Path.Combine(folder.Path, "nano.gguf");
        using NanoModel model = TinyNano.Create();
        NanoExport.Write(model, NanoVocabulary.Default, TensorType.F32, path);
        using LanguageModel engine = LanguageModel.Load(path, new ModelOptions { Threads = 1, Activations = ActivationMode.Float });
        Assert.True(EntryTypes.TryParse("f32", out EntryTypes entries));
        foreach (string task in NanoTasks.Names)
        {
            int[] tokens = [.. engine.Tokenizer.Encode(NanoTasks.Create(task, 160, 3).Prompt(withLead: true), addSpecial: true)];
            using Sequence sequence = engine.CreateSequence(policy: null, entries);
            float[] expected = LastLogits(model, tokens), actual = sequence.Prefill(tokens).ToArray();
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 0.002f));
        }
    }

    [Fact]
    public void The_exported_file_has_the_chat_template_that_the_model_was_trained_with()
    {
        using TempFolder folder = new();
        string path = Path.Combine(folder.Path, "nano.gguf");
        using NanoModel model = TinyNano.Create();
        NanoExport.Write(model, NanoVocabulary.Default, TensorType.Q8_0, path);
        using LanguageModel engine = LanguageModel.Load(path, new ModelOptions { Threads = 1 });
        int[] tokens = new Decoding.PromptRenderer(engine.Tokenizer, raw: false).EncodePrompt(null, "Read this. A b.", "What is a?").Tokens;
        Assert.Equal("<|start|><|user|>Read this. A b.\n\nWhat is a?<|end|><|assistant|>", engine.Tokenizer.Decode(tokens, skipSpecial: false));
    }

    [Fact]
    public void Heads_of_the_first_layer_look_as_far_back_as_they_were_told()
    {
        NanoShape shape = new() { Vocabulary = NanoVocabulary.Default.Size };
        using NanoModel model = TinyNano.Create(shape);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        int[] tokens = [.. NanoVocabulary.Default.Tokenizer.Encode(NanoTasks.Create("kv", 200, 1).Document).Take(64)];
        float[][] rows = [.. tokens.Select(token => Normalised(TensorData.ToFloats(model["token_embd.weight"][token])))];
        for (int head = 0; head < shape.QueryHeads; head++)
        {
            int offset = NanoInitialisation.Offsets[head];
            double mean = Enumerable.Range(8, 50).Average(place => Attention(model, shape, rows, head, place, place - offset));
            Assert.InRange(mean, 0.6, 1);
        }
    }

    [Fact]
    public void Both_halves_of_the_tied_init_keep_every_weight_finite()
    {
        using NanoModel model = TinyNano.Create();
        Assert.All(model.Parameters, parameter => Assert.All(TensorData.ToFloats(parameter.Value), value => Assert.True(float.IsFinite(value))));
    }

    private static float[] LastLogits(NanoModel model, int[] tokens)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        Tensor hidden = model.Hidden(TensorData.FromIntegers([.. tokens.Select(token => (long)token)], 1, tokens.Length));
        return TensorData.ToFloats(model.Logits(hidden)[0, tokens.Length - 1]);
    }

    private static float[] Normalised(float[] row)
    {
        double size = Math.Sqrt(row.Sum(value => (double)value * value) / row.Length);
        return [.. row.Select(value => (float)(value / size))];
    }

    /// <summary>Probability that a head of the first layer gives a place, by plain loops over half-split rotary pairs.</summary>
    private static double Attention(NanoModel model, NanoShape shape, float[][] rows, int head, int place, int target)
    {
        double[] query = Head(model, "attn_q", shape, rows[place], head, place);
        int kv = head / (shape.QueryHeads / shape.KvHeads);
        double[] scores = [.. Enumerable.Range(0, place + 1).Select(i =>
            query.Zip(Head(model, "attn_k", shape, rows[i], kv, i), (a, b) => a * b).Sum() / Math.Sqrt(shape.HeadDim))];
        double most = scores.Max();
        return Math.Exp(scores[target] - most) / scores.Sum(score => Math.Exp(score - most));
    }

    private static double[] Head(NanoModel model, string name, NanoShape shape, float[] row, int head, int position)
    {
        float[] weight = TensorData.ToFloats(model[$"blk.0.{name}.weight"].narrow(0, head * shape.HeadDim, shape.HeadDim));
        double[] plain = [.. Enumerable.Range(0, shape.HeadDim).Select(channel => row.Select((value, i) => (double)value * weight[channel * row.Length + i]).Sum())];
        int half = shape.HeadDim / 2;
        double[] turned = new double[shape.HeadDim];
        for (int pair = 0; pair < half; pair++)
        {
            (double sine, double cosine) = Math.SinCos(position * shape.Angle(pair));
            turned[pair] = plain[pair] * cosine - plain[pair + half] * sine;
            turned[pair + half] = plain[pair + half] * cosine + plain[pair] * sine;
        }

        return turned;
    }
}
