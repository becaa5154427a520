using System.Runtime.InteropServices;
using Winnow.Formats;
using Winnow.Kernels.Blocks;

namespace Winnow.Evaluation.Tests;

/// <summary>A Llama of two layers with random weights and a vocabulary of bytes: enough for every property, in milliseconds.</summary>
internal sealed class TinyLlama : IDisposable
{
    public const int Lanes = Layers * KvHeads;
    public const int ContextLength = 2048;
    public const string FileName = "tiny.gguf";

    private const int Layers = 2;
    private const int Width = 64;
    private const int QueryHeads = 4;
    private const int KvHeads = 2;
    private const int HeadDim = Width / QueryHeads;
    private const int Inner = 96;
    private const int Specials = 3;
    private const int Vocabulary = Specials + 256;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-tiny-");
    private readonly Random _random = new(7);

    public TinyLlama(bool addsBos = false, int chunkSize = 512)
    {
        string path = Path.Combine(_folder.FullName, FileName);
        Write(path, addsBos);
        Model = LanguageModel.Load(path, new ModelOptions { Threads = 2, ChunkSize = chunkSize });
    }

    public LanguageModel Model { get; }

    /// <summary>Ordinary tokens, the same for each count.</summary>
    public static int[] Text(int count)
    {
        Random random = new(3);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Specials, Vocabulary))];
    }

    public void Dispose()
    {
        Model.Dispose();
        _folder.Delete(recursive: true);
    }

    private void Write(string path, bool addsBos)
    {
        GgufWriter writer = new();
        AddSettings(writer, addsBos);
        AddMatrix(writer, "token_embd.weight", Vocabulary, Width, 1);
        AddGain(writer, "output_norm.weight");
        AddMatrix(writer, "output.weight", Vocabulary, Width, 0.4f);
        for (int layer = 0; layer < Layers; layer++)
        {
            string prefix = $"blk.{layer}.";
            AddGain(writer, prefix + "attn_norm.weight");
            AddGain(writer, prefix + "ffn_norm.weight");
            AddMatrix(writer, prefix + "attn_q.weight", Width, Width, 0.3f);
            AddMatrix(writer, prefix + "attn_k.weight", KvHeads * HeadDim, Width, 0.3f);
            AddMatrix(writer, prefix + "attn_v.weight", KvHeads * HeadDim, Width, 0.3f);
            AddMatrix(writer, prefix + "attn_output.weight", Width, Width, 0.3f);
            AddMatrix(writer, prefix + "ffn_gate.weight", Inner, Width, 0.1f);
            AddMatrix(writer, prefix + "ffn_up.weight", Inner, Width, 0.1f);
            AddMatrix(writer, prefix + "ffn_down.weight", Width, Inner, 0.1f);
        }

        writer.Write(path);
    }

    private static void AddSettings(GgufWriter writer, bool addsBos)
    {
        writer.Add("general.architecture", "llama")
            .Add("llama.block_count", (uint)Layers)
            .Add("llama.embedding_length", (uint)Width)
            .Add("llama.feed_forward_length", (uint)Inner)
            .Add("llama.attention.head_count", (uint)QueryHeads)
            .Add("llama.attention.head_count_kv", (uint)KvHeads)
            .Add("llama.attention.layer_norm_rms_epsilon", 1e-5f)
            .Add("llama.context_length", (uint)ContextLength);
        writer.Add("tokenizer.ggml.model", "llama")
            .Add("tokenizer.ggml.tokens", (string[])["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>")])
            .Add("tokenizer.ggml.scores", new float[Vocabulary])
            .Add("tokenizer.ggml.token_type", (int[])[2, 3, 3, .. Enumerable.Repeat(6, 256)])
            .Add("tokenizer.ggml.bos_token_id", 1u)
            .Add("tokenizer.ggml.eos_token_id", 2u)
            .Add("tokenizer.ggml.add_bos_token", addsBos);
    }

    private void AddMatrix(GgufWriter writer, string name, int rows, int columns, float scale) =>
        Add(writer, name, [rows, columns], [.. Enumerable.Range(0, rows * columns).Select(_ => (_random.NextSingle() * 2 - 1) * scale)]);

    private static void AddGain(GgufWriter writer, string name) => Add(writer, name, [Width], [.. Enumerable.Repeat(1f, Width)]);

    private static void Add(GgufWriter writer, string name, long[] shape, float[] values) =>
        writer.AddTensor(name, TensorType.F32, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
}
