using System.Runtime.InteropServices;
using Winnow.Formats;
using Winnow.Kernels.Blocks;

namespace Winnow.Tests;

/// <summary>
/// A random Llama of 0.1 M parameters as a GGUF file, with grouped heads and a vocabulary of single bytes: any text can be read and nothing sensible
/// comes out, which
/// is all that tests of caches need.
/// </summary>
internal sealed class TinyLlamaFile : IDisposable
{
    public const int Layers = 2;
    public const int KvHeads = 2;
    private const int QueryHeads = 6;
    private const int HeadDim = 32;
    private const int Width = 96;
    private const int FeedForward = 128;
    private const int Context = 2048;
    private readonly Random _random = new(7);

    /// <summary>Writes the file.</summary>
    /// <param name="slidingWindow">Tokens that every layer sees; 0 for all.</param>
    public TinyLlamaFile(int slidingWindow = 0)
    {
        Path = System.IO.Path.Combine(Directory.CreateTempSubdirectory("winnow-tiny").FullName, "tiny.gguf");
        List<string> tokens = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), "▁"];
        GgufWriter writer = new GgufWriter()
            .Add("general.architecture", "llama")
            .Add("llama.block_count", (uint)Layers)
            .Add("llama.context_length", (uint)Context)
            .Add("llama.embedding_length", (uint)Width)
            .Add("llama.feed_forward_length", (uint)FeedForward)
            .Add("llama.attention.head_count", (uint)QueryHeads)
            .Add("llama.attention.head_count_kv", (uint)KvHeads)
            .Add("llama.attention.key_length", (uint)HeadDim)
            .Add("llama.attention.value_length", (uint)HeadDim)
            .Add("llama.attention.layer_norm_rms_epsilon", 1e-5f)
            .Add("llama.attention.sliding_window", (uint)slidingWindow)
            .Add("llama.rope.dimension_count", (uint)HeadDim)
            .Add("tokenizer.ggml.model", "llama")
            .Add("tokenizer.ggml.tokens", tokens.ToArray())
            .Add("tokenizer.ggml.scores", new float[tokens.Count])
            .Add("tokenizer.ggml.token_type", tokens.Select((_, i) => i switch { 0 => 2, 1 or 2 => 3, 259 => 1, _ => 6 }).ToArray())
            .Add("tokenizer.ggml.bos_token_id", 1u)
            .Add("tokenizer.ggml.eos_token_id", 2u)
            .Add("tokenizer.ggml.add_bos_token", false);
        Matrix(writer, "token_embd", tokens.Count, Width, 1);
        Norm(writer, "output_norm");
        for (int layer = 0; layer < Layers; layer++)
        {
            string at = $"blk.{layer}.";
            Norm(writer, at + "attn_norm");
            Norm(writer, at + "ffn_norm");
            // Large queries and keys make attention peaked, so that policies have something to choose.
            Matrix(writer, at + "attn_q", QueryHeads * HeadDim, Width, 3);
            Matrix(writer, at + "attn_k", KvHeads * HeadDim, Width, 3);
            Matrix(writer, at + "attn_v", KvHeads * HeadDim, Width, 1);
            Matrix(writer, at + "attn_output", Width, QueryHeads * HeadDim, 1);
            Matrix(writer, at + "ffn_gate", FeedForward, Width, 1);
            Matrix(writer, at + "ffn_up", FeedForward, Width, 1);
            Matrix(writer, at + "ffn_down", Width, FeedForward, 1);
        }

        writer.Write(Path);
    }

    public string Path { get; }

    /// <summary>Token ids without meaning, none of them special.</summary>
    public static int[] Tokens(int count, int seed = 3)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(3, 259))];
    }

    public LanguageModel Load(int chunkSize = 100, int threads = 2) =>
        LanguageModel.Load(Path, new ModelOptions { Threads = threads, ChunkSize = chunkSize });

    public void Dispose() => Directory.Delete(System.IO.Path.GetDirectoryName(Path)!, recursive: true);

    private void Matrix(GgufWriter writer, string name, int rows, int columns, float gain)
    {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.Length; i++)
            values[i] = gain * (float)(_random.NextDouble() * 2 - 1) * MathF.Sqrt(3f / columns);
        writer.AddTensor(name + ".weight", TensorType.F32, [rows, columns], MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
    }

    private static void Norm(GgufWriter writer, string name)
    {
        float[] ones = new float[Width];
        Array.Fill(ones, 1f);
        writer.AddTensor(name + ".weight", TensorType.F32, [Width], MemoryMarshal.AsBytes(ones.AsSpan()).ToArray());
    }
}
