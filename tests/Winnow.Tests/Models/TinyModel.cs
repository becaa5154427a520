using System.Text.Json.Nodes;
using Winnow.Formats;
using Winnow.Kernels.Blocks;
using Winnow.Tests.Formats;

namespace Winnow.Tests.Models;

/// <summary>A random checkpoint of a family in the form in which it is published, small enough to be computed by hand-written loops.</summary>
internal sealed class TinyModel
{
    public const int Width = 64;
    public const int FeedForward = 96;
    public const int QueryHeads = 4;
    public const int Vocabulary = 50;
    public const int Context = 64;

    private readonly Random _random = new(20250);

    public TinyModel(string family, int layers = 3, int kvHeads = 2, int headDim = 16)
    {
        (Family, Layers, KvHeads, HeadDim) = (family, layers, kvHeads, headDim);
        Config = new JsonObject
        {
            ["model_type"] = family,
            ["num_hidden_layers"] = layers,
            ["hidden_size"] = Width,
            [family == "opt" ? "ffn_dim" : "intermediate_size"] = FeedForward,
            ["num_attention_heads"] = QueryHeads,
            ["num_key_value_heads"] = kvHeads,
            ["head_dim"] = headDim,
            ["max_position_embeddings"] = Context,
            ["vocab_size"] = Vocabulary,
        };
    }

    public string Family { get; }

    public int Layers { get; }

    public int KvHeads { get; }

    public int HeadDim { get; }

    public JsonObject Config { get; }

    public Dictionary<string, Tensor> Tensors { get; } = [];

    public TinyModel With(string setting, JsonNode? value)
    {
        Config[setting] = value;
        return this;
    }

    /// <summary>Adds random numbers around a centre, spread so that activations keep their size.</summary>
    public TinyModel Add(string name, float centre, float spread, params int[] shape)
    {
        float[] values = new float[shape.Aggregate(1, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++)
            values[i] = centre + spread * (float)(2 * _random.NextDouble() - 1);
        Tensors[name] = new Tensor(shape, values);
        return this;
    }

    public TinyModel Matrix(string name, int rows, int columns) => Add(name + ".weight", 0, 2 / MathF.Sqrt(columns), rows, columns);

    public TinyModel Bias(string name, int length) => Add(name + ".bias", 0, 0.5f, length);

    public TinyModel Norm(string name, float centre, int length = Width) => Add(name + ".weight", centre, 0.3f, length);

    public Checkpoint OpenSafetensors(TempFolder folder)
    {
        folder.File("config.json", System.Text.Encoding.UTF8.GetBytes(Config.ToJsonString()));
        JsonObject head = [];
        using MemoryStream data = new();
        foreach ((string name, Tensor tensor) in Tensors)
        {
            long start = data.Position;
            data.Write(tensor.Bytes);
            head[name] = new JsonObject
            {
                ["dtype"] = "F32",
                ["shape"] = new JsonArray([.. tensor.Shape.Select(size => JsonValue.Create(size))]),
                ["data_offsets"] = new JsonArray(start, data.Position),
            };
        }
        byte[] text = System.Text.Encoding.UTF8.GetBytes(head.ToJsonString());
        folder.File("model.safetensors", [.. BitConverter.GetBytes((long)text.Length), .. text, .. data.ToArray()]);
        return Checkpoint.Open(folder.Path);
    }

    public sealed record Tensor(int[] Shape, float[] Values)
    {
        public byte[] Bytes => System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(Values).ToArray();

        /// <summary>The same rows in another order.</summary>
        public Tensor Rows(Func<int, int> source)
        {
            int width = Values.Length / Shape[0];
            float[] moved = new float[Values.Length];
            for (int row = 0; row < Shape[0]; row++)
                Values.AsSpan(source(row) * width, width).CopyTo(moved.AsSpan(row * width));
            return new Tensor(Shape, moved);
        }
    }
}
