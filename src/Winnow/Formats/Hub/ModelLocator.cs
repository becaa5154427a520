namespace Winnow.Formats.Hub;

/// <summary>Finds the model that a user names: a path, or something that was pulled.</summary>
public static class ModelLocator
{
    private const int ShownNames = 12;

    /// <summary>
    /// The path of a model. An existing file or folder is taken as it is; otherwise the name is looked up among the pulled models, whatever the case:
    /// <c>owner/repo</c>, <c>owner/repo:Q4_K_M</c>, a repository's name alone, or a file's name with or without <c>.gguf</c>.
    /// </summary>
    /// <param name="nameOrPath">What the user wrote.</param>
    /// <param name="cacheFolder">Folder of pulled models; <see langword="null"/> for <see cref="ModelCache.DefaultFolder"/>.</param>
    /// <exception cref="WinnowException">Nothing fits, or several models do: the sentence lists what is there and how to pull.</exception>
    public static string Resolve(string nameOrPath, string? cacheFolder = null)
    {
        if (File.Exists(nameOrPath) || Directory.Exists(nameOrPath))
            return nameOrPath;
        string folder = cacheFolder ?? ModelCache.DefaultFolder;
        List<CachedRepository> repositories = CachedRepository.List(folder);
        string[] found = [.. repositories.SelectMany(repository => repository.Find(nameOrPath)).Distinct(StringComparer.Ordinal)];
        return found switch
        {
            [string only] => only,
            [] => throw NotFound(nameOrPath, folder, repositories),
            _ => throw new WinnowException($"{InputFile.Quote(nameOrPath)} means {found.Length} pulled models; name one of {Join(found)}"),
        };
    }

    /// <summary>Names under which <see cref="Resolve"/> finds the pulled models.</summary>
    /// <param name="cacheFolder">Folder of pulled models; <see langword="null"/> for <see cref="ModelCache.DefaultFolder"/>.</param>
    public static IReadOnlyList<string> ListNames(string? cacheFolder = null) =>
        [.. CachedRepository.List(cacheFolder ?? ModelCache.DefaultFolder).SelectMany(repository => repository.Names)];

    private static WinnowException NotFound(string name, string folder, List<CachedRepository> repositories)
    {
        string quoted = InputFile.Quote(name);
        if (repositories.Find(each => each.IsUnfinished && each.IsMeantBy(name)) is CachedRepository unfinished)
            return new WinnowException($"{quoted} has not arrived in full; run 'winnow pull {unfinished.Name}' again to resume");
        string[] names = [.. repositories.SelectMany(repository => repository.Names)];
        string there = names.Length == 0 ? $"nothing has been pulled to {folder} yet" : $"pulled are {Join(names)}";
        string pull = HubReference.TryParse(name) is HubReference reference ? $"winnow pull {reference}" : "winnow pull owner/repo";
        return new WinnowException($"{quoted} is neither a file, a folder nor a pulled model ({there}); check the path, or run '{pull}'");
    }

    private static string Join(string[] names)
    {
        string shown = string.Join(", ", names.Take(ShownNames).Select(InputFile.OneLine));
        return names.Length > ShownNames ? $"{shown} and {names.Length - ShownNames} more" : shown;
    }
}
