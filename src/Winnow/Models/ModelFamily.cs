using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Linear;
using Winnow.Models.Blocks;
using Winnow.Models.Configuration;
using Winnow.Models.Weights;

namespace Winnow.Models;

/// <summary>What is particular to one family of decoders. Everything else is shared, so a family is one short file.</summary>
internal abstract class ModelFamily
{
    /// <summary>Names of the architecture in GGUF and in <c>config.json</c>.</summary>
    public abstract IReadOnlyList<string> Architectures { get; }

    /// <summary>How published safetensors call the tensors.</summary>
    public abstract TensorNames HuggingFaceNames { get; }

    /// <summary>Non-linearity where the checkpoint names none.</summary>
    public virtual FeedForwardActivation Activation => FeedForwardActivation.Silu;

    /// <summary>Settings that <c>config.json</c> leaves out when they equal the family's default.</summary>
    public virtual IReadOnlyDictionary<string, double> HuggingFaceDefaults(string architecture) => new Dictionary<string, double>();

    /// <summary>Adds what the family has beyond the common settings.</summary>
    public virtual ModelConfig Adapt(ModelConfig config, ConfigSource source, WeightSource weights) =>
        config with { Rotary = RotaryConfigReader.Read(source, config, weights) };

    /// <summary>Which channels form a rotary pair in files of this format.</summary>
    public virtual RotaryStyle RotaryStyle(bool gguf) => Kernels.Elementwise.RotaryStyle.Half;

    /// <summary>Embedding, with learned positions where there are any.</summary>
    public virtual TokenEmbedding BuildEmbedding(ModelConfig config, WeightSource weights, WeightMatrix tokens) =>
        new(tokens, config.EmbeddingScale);

    /// <summary>One layer.</summary>
    public abstract DecoderLayer BuildLayer(LayerBuilder build, ModelConfig config, bool gguf);

    /// <summary>The norm before the LM head.</summary>
    public virtual Norm BuildFinalNorm(LayerBuilder build, bool gguf) => build.RmsNorm("output_norm");
}
