using System.Globalization;
using System.Security.Cryptography;
using Winnow.Cli.Rendering;
using Winnow.Models;

namespace Winnow.Cli.Output;

/// <summary>What a page of results says of a model.</summary>
internal static class ModelFacts
{
    /// <summary>File or folder name without where it lies.</summary>
    public static string NameOf(LanguageModel model) => Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Checkpoint.Path));

    /// <summary>Bytes of all tensors.</summary>
    public static long TensorBytes(LanguageModel model) => model.Checkpoint.Tensors.Values.Sum(tensor => tensor.Data.Length);

    /// <summary>Names and values.</summary>
    public static IEnumerable<(string Name, string Value)> Describe(LanguageModel model)
    {
        ModelConfig config = model.Model.Config;
        string hash = File.Exists(model.Checkpoint.Path) ? $", SHA-256 begins with `{Hash(model.Checkpoint.Path)}`" : "";
        yield return ("model", $"{NameOf(model)}, {Figures.Bytes(TensorBytes(model))}{hash}; {config.Layers} layers, "
            + $"{config.QueryHeads} query heads on {config.KvHeads} KV heads, head size {config.HeadDim}, "
            + $"window {config.ContextLength.ToString("#,0", CultureInfo.InvariantCulture)}");
    }

    private static string Hash(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file))[..8];
    }
}
