using System.Text.Json;
using Winnow.Formats;
using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Linear;
using Winnow.Kernels.Threading;
using Winnow.Models.Blocks;
using Winnow.Models.Configuration;
using Winnow.Models.Weights;

namespace Winnow.Models;

/// <summary>Makes a model of a checkpoint. Weights stay in the mapped file, or are packed from it; every shape is checked on the way.</summary>
public static class ModelLoader
{
    /// <summary>Positions whose angles are computed at load; a longer text adds its own.</summary>
    private const int FirstPositions = 512;

    /// <summary>Loads a model.</summary>
    /// <param name="checkpoint">An open checkpoint, which must outlive the model.</param>
    /// <param name="team">Threads of the model's passes, which must outlive the model.</param>
    /// <param name="mode">Arithmetic of the matrix products.</param>
    /// <param name="contextLength">
    /// Tokens that texts will have at most; zero for what the model was made for. It never raises that number, and where a model has frequencies
    /// for short and for long contexts (LongRoPE), it selects them.
    /// </param>
    /// <exception cref="WinnowException">The architecture is unknown, a setting is out of range, or a tensor is missing or mis-shaped.</exception>
    public static DecoderModel Load(Checkpoint checkpoint, ThreadTeam team, ActivationMode mode = ActivationMode.Quantized, int contextLength = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(contextLength);
        (ModelFamily family, ConfigSource source) = Describe(checkpoint);
        WeightSource weights = new(checkpoint, source.IsGguf ? null : family.HuggingFaceNames);
        ModelConfig config = ReadConfig(family, source, weights, contextLength);
        try
        {
            return Build(family, config, weights, team, mode);
        }
        catch
        {
            weights.Owned.ForEach(static memory => memory.Dispose());
            throw;
        }
    }

    /// <summary>Reads a model's configuration without its weights.</summary>
    /// <param name="checkpoint">An open checkpoint.</param>
    /// <param name="contextLength">Tokens that texts will have at most; zero for what the model was made for.</param>
    /// <exception cref="WinnowException">The architecture is unknown or a setting is out of range.</exception>
    public static ModelConfig ReadConfig(Checkpoint checkpoint, int contextLength = 0)
    {
        (ModelFamily family, ConfigSource source) = Describe(checkpoint);
        return ReadConfig(family, source, new WeightSource(checkpoint, source.IsGguf ? null : family.HuggingFaceNames), contextLength);
    }

    private static ModelConfig ReadConfig(ModelFamily family, ConfigSource source, WeightSource weights, int contextLength)
    {
        ModelConfig config = ModelConfigReader.Read(source, weights.EmbeddingRows, contextLength, family.Activation);
        // A file may carry a head and still declare it tied: then config.json decides. GGUF has no flag, only the tensor.
        bool tied = config.TiedEmbeddings || !weights.Has("output.weight");
        return family.Adapt(config with { TiedEmbeddings = tied }, source, weights);
    }

    private static (ModelFamily Family, ConfigSource Source) Describe(Checkpoint checkpoint)
    {
        if (checkpoint is GgufFile gguf)
        {
            GgufConfigSource source = new(gguf);
            return (ModelFamilies.Find(source.Architecture, checkpoint.Path), source);
        }
        JsonElement root = ((SafetensorsCheckpoint)checkpoint).Config;
        string architecture = new JsonConfigSource(checkpoint.Path, "", root, new Dictionary<string, double>())
            .TextOr(new ConfigKey("", "model_type"), "");
        ModelFamily family = ModelFamilies.Find(architecture, checkpoint.Path);
        // Models with a vision tower keep the decoder's settings in an object of their own.
        JsonElement settings = root.TryGetProperty("text_config", out JsonElement text) && text.ValueKind == JsonValueKind.Object ? text : root;
        return (family, new JsonConfigSource(checkpoint.Path, architecture, settings, family.HuggingFaceDefaults(architecture)));
    }

    private static TransformerModel Build(ModelFamily family, ModelConfig config, WeightSource weights, ThreadTeam team, ActivationMode mode)
    {
        bool gguf = weights.IsGguf;
        RotaryStyle style = family.RotaryStyle(gguf);
        WeightMatrix tokens = weights.Matrix("token_embd.weight", config.VocabularySize, config.Width);
        TokenEmbedding embedding = family.BuildEmbedding(config, weights, tokens);
        RotaryTables tables = new(Math.Min(FirstPositions, config.ContextLength));
        weights.Owned.Add(tables);
        DecoderLayer[] layers = new DecoderLayer[config.Layers];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            LayerBuilder build = new(weights, config, layer, tables.For(config.RotaryOf(layer)), style);
            layers[layer] = family.BuildLayer(build, config, gguf);
        }
        Norm norm = family.BuildFinalNorm(new LayerBuilder(weights, config, -1, rotary: null, style), gguf);
        WeightMatrix head = config.TiedEmbeddings ? weights.Factor(tokens) : weights.Factor("output.weight", config.VocabularySize, config.Width);
        if (mode != ActivationMode.Float)
            weights.PackFactors(team.Size);
        return new TransformerModel(embedding, layers, new LanguageHead(norm, head), tables, new ForwardPass(config, team, mode), weights.Owned);
    }
}
