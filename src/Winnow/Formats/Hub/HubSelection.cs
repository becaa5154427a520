namespace Winnow.Formats.Hub;

/// <summary>Decides which files of a repository make up the model that was asked for.</summary>
internal static class HubSelection
{
    private static readonly string[] Companions =
    [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json",
        "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "chat_template.jinja", "chat_template.json", "model.safetensors.index.json",
    ];

    /// <summary>The files to fetch, and which of them a caller opens: a GGUF file, or <see langword="null"/> for the folder.</summary>
    public static (IReadOnlyList<HubFile> Files, string? Model) Select(HubReference reference, IReadOnlyList<HubFile> listing)
    {
        string[] models = GgufChoice.Models(listing.Select(file => file.Path));
        if (!models.Contains(reference.Selector) && listing.FirstOrDefault(file => file.Path == reference.Selector) is HubFile named)
            return ([named], named.Path);
        if (models.Length > 0)
            return SelectGguf(reference, listing, models);
        return reference.Selector is null
            ? (SelectSafetensors(reference, listing), null)
            : throw new WinnowException(
                $"{reference.Name} has no file {InputFile.Quote(reference.Selector)} and no GGUF files; pull {reference.Name} alone for its safetensors");
    }

    private static (IReadOnlyList<HubFile> Files, string Model) SelectGguf(HubReference reference, IReadOnlyList<HubFile> listing, string[] models)
    {
        string picked = GgufChoice.Pick(models, reference.Selector) ?? throw new WinnowException(reference.Selector is null
            ? $"{reference.Name} has several GGUF files; name one: {List(models)}"
            : $"{reference.Name} has no file or quantisation {InputFile.Quote(reference.Selector)}; it has {List(models)}");
        string whole = GgufSplit.WholeName(picked);
        return ([.. listing.Where(file => GgufSplit.WholeName(file.Path) == whole)], picked);
    }

    private static List<HubFile> SelectSafetensors(HubReference reference, IReadOnlyList<HubFile> listing)
    {
        HubFile[] top = [.. listing.Where(file => !file.Path.Contains('/', StringComparison.Ordinal))];
        HubFile[] weights = [.. top.Where(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal))];
        if (weights.Length == 0 || !top.Any(file => file.Path == "config.json"))
            throw new WinnowException($"{reference.Name} has neither GGUF files nor config.json with .safetensors; choose another repository of this model");
        // Some repositories hold the weights twice, in the layouts of two libraries.
        HubFile[] whole = [.. weights.Where(file => file.Path == "model.safetensors")];
        HubFile[] usual = whole.Length > 0 ? whole : [.. weights.Where(file => file.Path.StartsWith("model-", StringComparison.Ordinal))];
        return [.. top.Where(file => Companions.Contains(file.Path, StringComparer.Ordinal)), .. usual.Length > 0 ? usual : weights];
    }

    private static string List(string[] models)
    {
        const int shown = 12;
        string names = string.Join(", ", models.Take(shown).Select(InputFile.OneLine));
        return models.Length > shown ? $"{names} and {models.Length - shown} more" : names;
    }
}
