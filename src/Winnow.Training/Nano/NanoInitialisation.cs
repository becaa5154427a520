using TorchSharp;
using Winnow.Torch;
using static TorchSharp.torch;

namespace Winnow.Training.Nano;

/// <summary>
/// First weights in the shape of the circuits that retrieval needs (induction heads, arXiv:2209.11895), from which a model this small learns in minutes what it does
/// not find at all from random weights. Only numbers are set; everything stays trainable, and the model stays a plain Llama.
/// <list type="number">
/// <item>Channel 0 of the embedding is the same for all tokens, which gives the first layer a bias for queries and keys.</item>
/// <item>Heads of the first layer look 1, 2, 1 and 3 tokens back, by the fast rotary pairs alone, and write what stands there into a subspace of their own.</item>
/// <item>Heads above match "what stood n before that place" (key) with "this token" or "what stood n before me" (query), on slow rotary pairs only, and copy
/// the token they find.</item>
/// </list>
/// </summary>
internal sealed class NanoInitialisation
{
    /// <summary>How far back the heads of the first layer look, in turn.</summary>
    public static readonly int[] Offsets = [1, 2, 1, 3];

    private const double ConstantShare = 0.5;
    private const double Sharpness = 60;
    private const double Match = 20;
    private const double Copy = 2;

    // Tokens spelt alike but for a space begin near to one another.
    private const float KinShare = 0.8f;

    private readonly NanoModel _model;
    private readonly NanoShape _shape;
    private readonly int _half;
    private readonly int[] _fast;
    private readonly long[] _slow;
    private readonly List<Written> _written = [];
    private double _size;

    private NanoInitialisation(NanoModel model)
    {
        (_model, _shape, _half) = (model, model.Shape, model.Shape.HeadDim / 2);
        int[] pairs = [.. Enumerable.Range(0, _half)];
        _fast = [.. pairs.Where(pair => _shape.Angle(pair) > 0.02)];
        int[] slow = [.. pairs.Where(pair => _shape.Angle(pair) * _shape.TrainedLength < 2.5)];
        if (slow.Length < 4)
            slow = pairs[^4..];
        _slow = [.. slow.Concat(slow.Select(pair => pair + _half)).Select(channel => (long)channel)];
    }

    /// <summary>Sets a model's weights; its random ones shine through weakly.</summary>
    public static void Apply(NanoModel model, NanoVocabulary? vocabulary)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        NanoInitialisation work = new(model);
        work.SetEmbedding(vocabulary);
        work.SetFirstLayer();
        for (int layer = 1; layer < model.Shape.Layers; layer++)
            work.SetLayer(layer);
    }

    private void SetEmbedding(NanoVocabulary? vocabulary)
    {
        Tensor embedding = _model["token_embd.weight"];
        if (vocabulary is not null)
        {
            float rest = MathF.Sqrt(1 - KinShare * KinShare);
            foreach ((int id, int kin) in vocabulary.Kin())
                embedding[id].copy_(embedding[id] * rest + embedding[kin] * KinShare);
        }

        double rms = embedding.square().mean([-1]).sqrt().mean().item<float>();
        double constant = rms * Math.Sqrt(_shape.Width) * ConstantShare;
        embedding[TensorIndex.Colon, 0] = (float)constant;
        _size = embedding.square().mean([-1]).sqrt().mean().item<float>();
        Bias = constant / _size;
    }

    /// <summary>What channel 0 is after the first norm.</summary>
    private double Bias { get; set; }

    private void SetFirstLayer()
    {
        Tensor key = _model["blk.0.attn_k.weight"].mul_(0.1f), query = _model["blk.0.attn_q.weight"].mul_(0.1f);
        Tensor value = _model["blk.0.attn_v.weight"].mul_(0.1f), output = _model["blk.0.attn_output.weight"].mul_(0.1f);
        int grouped = _shape.QueryHeads / _shape.KvHeads;
        double spread = _fast.Sum(pair => 1 - Math.Cos(_shape.Angle(pair)));
        for (int kv = 0; kv < _shape.KvHeads; kv++)
        {
            int first = kv * _shape.HeadDim;
            foreach (int pair in _fast)
                key[first + pair, 0] = (float)(1 / Bias);
            Tensor read = Orthogonal(_slow.Length).T.contiguous();
            read[TensorIndex.Colon, 0] = 0f;
            Rows(value, first, _slow.Length).add_(read);
            for (int j = 0; j < grouped; j++)
            {
                int head = kv * grouped + j, offset = Offsets[head % Offsets.Length], top = head * _shape.HeadDim;
                double strength = Sharpness * Math.Sqrt(_shape.HeadDim) / (spread * 8 * Bias);
                foreach (int pair in _fast)
                {
                    query[top + pair, 0] = (float)(Math.Cos(-_shape.Angle(pair) * offset) * strength);
                    query[top + pair + _half, 0] = (float)(Math.Sin(-_shape.Angle(pair) * offset) * strength);
                }

                Tensor write = Orthogonal(_slow.Length);
                write[0] = 0f;
                double gain = _size * Math.Sqrt(_shape.Width) / Math.Sqrt(_slow.Length) / Math.Sqrt(Offsets.Length);
                output.narrow(1, top, _slow.Length).add_(write, alpha: (float)gain);
                _written.Add(new Written(write, read));
            }
        }
    }

    private void SetLayer(int layer)
    {
        Tensor key = _model[$"blk.{layer}.attn_k.weight"].mul_(0.3f), query = _model[$"blk.{layer}.attn_q.weight"].mul_(0.3f);
        Tensor value = _model[$"blk.{layer}.attn_v.weight"].mul_(0.2f), output = _model[$"blk.{layer}.attn_output.weight"].mul_(0.3f);
        int grouped = _shape.QueryHeads / _shape.KvHeads;
        float strength = (float)Math.Sqrt(Match * Math.Sqrt(_shape.HeadDim) / _slow.Length);
        for (int kv = 0; kv < _shape.KvHeads; kv++)
        {
            Written before = _written[(kv * grouped + layer - 1) % _written.Count];
            int first = kv * _shape.HeadDim;
            Tensor stood = before.Write.T * 1.3f;
            AddTo(key, first, stood, strength);
            Tensor copy = Orthogonal(_shape.HeadDim).T.contiguous();
            copy[TensorIndex.Colon, 0] = 0f;
            Rows(value, first, _shape.HeadDim).add_(copy);
            for (int j = 0; j < grouped; j++)
            {
                int top = (kv * grouped + j) * _shape.HeadDim;
                AddTo(query, top, j == 0 ? before.Read : stood, strength);
                output.narrow(1, top, _shape.HeadDim).add_(copy.T, alpha: (float)(Copy * _size / Math.Sqrt(_shape.Layers - 1)));
            }
        }
    }

    private static Tensor Rows(Tensor matrix, int first, int count) => matrix.narrow(0, first, count);

    /// <summary>Adds rows to the slow channels of a head.</summary>
    private void AddTo(Tensor matrix, int first, Tensor rows, float factor)
    {
        Tensor channels = TensorData.FromIntegers([.. _slow.Select(channel => channel + first)], _slow.Length);
        matrix.index_add_(0, channels, rows, factor);
    }

    /// <summary>[width, columns] with orthonormal columns.</summary>
    private Tensor Orthogonal(int columns) => linalg.qr(randn(_shape.Width, columns)).Item1;

    private sealed record Written(Tensor Write, Tensor Read);
}
