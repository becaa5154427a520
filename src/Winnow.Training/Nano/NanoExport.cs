using System.Runtime.InteropServices;
using Winnow.Formats;
using Winnow.Kernels.Blocks;
using Winnow.Torch;

namespace Winnow.Training.Nano;

/// <summary>Writes a nano model as a GGUF file of the family <c>llama</c>, with its vocabulary and chat template.</summary>
internal static class NanoExport
{
    /// <summary>Writes the file, whole or not at all.</summary>
    /// <param name="model">The model.</param>
    /// <param name="vocabulary">Its vocabulary.</param>
    /// <param name="type">Storage of the matrices; norms stay 32-bit floats.</param>
    /// <param name="path">File to write.</param>
    public static void Write(NanoModel model, NanoVocabulary vocabulary, TensorType type, string path)
    {
        NanoShape shape = model.Shape;
        GgufWriter writer = new GgufWriter()
            .Add("general.architecture", "llama")
            .Add("general.name", "Winnow nano")
            .Add("general.license", "mit")
            .Add("llama.block_count", (uint)shape.Layers)
            .Add("llama.context_length", (uint)shape.ContextLength)
            .Add("llama.embedding_length", (uint)shape.Width)
            .Add("llama.feed_forward_length", (uint)shape.FeedForward)
            .Add("llama.attention.head_count", (uint)shape.QueryHeads)
            .Add("llama.attention.head_count_kv", (uint)shape.KvHeads)
            .Add("llama.attention.key_length", (uint)shape.HeadDim)
            .Add("llama.attention.value_length", (uint)shape.HeadDim)
            .Add("llama.attention.layer_norm_rms_epsilon", (float)shape.NormEpsilon)
            .Add("llama.rope.dimension_count", (uint)shape.HeadDim)
            .Add("llama.rope.freq_base", (float)shape.RopeTheta)
            .Add("llama.vocab_size", (uint)shape.Vocabulary);
        vocabulary.AddTo(writer);
        foreach (Parameter parameter in model.Parameters)
            Add(writer, parameter, shape, type);
        writer.Write(path);
    }

    private static void Add(GgufWriter writer, Parameter parameter, NanoShape shape, TensorType type)
    {
        float[] values = TensorData.ToFloats(parameter.Value);
        long[] sizes = parameter.Value.shape;
        if (sizes.Length == 1)
        {
            writer.AddTensor(parameter.Name, TensorType.F32, sizes, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
            return;
        }

        if (parameter.Name.EndsWith("attn_q.weight", StringComparison.Ordinal) || parameter.Name.EndsWith("attn_k.weight", StringComparison.Ordinal))
            values = Interleaved(values, shape.HeadDim, (int)sizes[1]);
        byte[] bytes = new byte[TensorTypes.RowBytes(type, values.Length)];
        Quantizer.FromFloat(type, values, bytes);
        writer.AddTensor(parameter.Name, type, sizes, bytes);
    }

    /// <summary>GGUF's <c>llama</c> has the two channels of a rotary pair beside each other; here they stand half a head apart.</summary>
    private static float[] Interleaved(float[] values, int headDim, int columns)
    {
        float[] result = new float[values.Length];
        for (int row = 0; row < values.Length / columns; row++)
        {
            int head = row / headDim * headDim, channel = row % headDim, half = headDim / 2;
            int target = head + (channel < half ? 2 * channel : 2 * (channel - half) + 1);
            values.AsSpan(row * columns, columns).CopyTo(result.AsSpan(target * columns));
        }

        return result;
    }
}
