using System.Text.Json;

namespace Winnow.Formats;

/// <summary>Decides which files of a folder make up the model, as the index says or as the usual names do.</summary>
internal static class SafetensorsFolder
{
    private const int MaxIndexBytes = 32 << 20;
    private const string WholeName = "model.safetensors";
    private const string IndexSuffix = ".safetensors.index.json";

    /// <summary>Files of the model; <c>WeightMap</c> says which tensor the index expects in which of them, empty when there is no index.</summary>
    public static (string[] Files, Dictionary<string, string> WeightMap) Find(string folder)
    {
        string whole = Path.Combine(folder, WholeName);
        if (File.Exists(whole))
            return ([whole], []);
        string[] indexes = [.. Directory.EnumerateFiles(folder, "*" + IndexSuffix).Order(StringComparer.Ordinal)];
        string? index = indexes.FirstOrDefault(file => Path.GetFileName(file) == "model" + IndexSuffix) ?? indexes.FirstOrDefault();
        if (index is not null)
            return ReadIndex(folder, index);
        string[] files = [.. Directory.EnumerateFiles(folder, "*.safetensors").Order(StringComparer.Ordinal)];
        return files.Length > 0
            ? (files, [])
            : throw new WinnowException($"{folder}: the folder has no .safetensors file; download the weights beside config.json");
    }

    private static (string[] Files, Dictionary<string, string> WeightMap) ReadIndex(string folder, string index)
    {
        JsonElement root = InputFile.ReadJsonObject(index, MaxIndexBytes);
        if (!root.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
            throw new WinnowException($"{index}: the index has no object 'weight_map'; download it again");
        Dictionary<string, string> weightMap = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in map.EnumerateObject())
        {
            string? shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
            if (shard is null || !SafePath.IsInside(shard))
            {
                throw new WinnowException($"{index}: tensor {InputFile.Quote(entry.Name)} names the file {InputFile.Quote(entry.Value.ToString())}, "
                    + "which is not a file inside the folder; download the index from a source you trust");
            }
            weightMap.Add(entry.Name, Path.Combine(folder, shard));
        }
        string[] files = [.. weightMap.Values.Distinct(StringComparer.Ordinal)];
        return files.Length > 0 ? (files, weightMap) : throw new WinnowException($"{index}: the index names no tensors; download it again");
    }
}
