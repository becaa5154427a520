namespace Winnow.Formats.Hub;

/// <summary>One pulled repository in the cache folder and the models in it.</summary>
internal sealed class CachedRepository
{
    private readonly string _folder;
    private readonly string[] _ggufs;
    private readonly bool _isFolderModel;

    private CachedRepository(string name, string folder)
    {
        Name = name;
        _folder = folder;
        string[] files = [.. Directory.EnumerateFiles(
            folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'))];
        _ggufs = GgufChoice.Models(files);
        IsUnfinished = files.Any(file => file.EndsWith(".part", StringComparison.Ordinal));
        _isFolderModel = !IsUnfinished && files.Contains("config.json") && files.Any(file => file.EndsWith(".safetensors", StringComparison.Ordinal));
    }

    /// <summary><c>owner/repo</c>.</summary>
    public string Name { get; }

    /// <summary>Whether a pull into it was interrupted.</summary>
    public bool IsUnfinished { get; }

    /// <summary>Names of the models in it.</summary>
    public IEnumerable<string> Names => [.. _ggufs.Select(file => $"{Name}:{file}"), .. _isFolderModel ? [Name] : Array.Empty<string>()];

    /// <summary>All repositories of a cache folder, which need not exist.</summary>
    public static List<CachedRepository> List(string cacheFolder)
    {
        if (!Directory.Exists(cacheFolder))
            return [];
        try
        {
            return [.. from owner in Directory.EnumerateDirectories(cacheFolder).Order(StringComparer.Ordinal)
                       from folder in Directory.EnumerateDirectories(owner).Order(StringComparer.Ordinal)
                       select new CachedRepository($"{Path.GetFileName(owner)}/{Path.GetFileName(folder)}", folder)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WinnowException(
                $"{cacheFolder}: the folder of pulled models cannot be read ({InputFile.OneLine(error.Message)}); set {ModelCache.Variable} to another", error);
        }
    }

    /// <summary>Whether a name is this repository's, with or without owner, whatever follows a colon.</summary>
    public bool IsMeantBy(string name)
    {
        string repository = Split(name).Repository;
        return string.Equals(repository, Name, StringComparison.OrdinalIgnoreCase)
            || string.Equals(repository, Name[(Name.IndexOf('/', StringComparison.Ordinal) + 1)..], StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Paths of the models that a name means; several when it does not decide.</summary>
    public IEnumerable<string> Find(string name)
    {
        if (!IsMeantBy(name))
            return _ggufs.Where(file => GgufChoice.IsNamed(file, name)).Select(PathOf);
        string? selector = Split(name).Selector;
        if (_ggufs.Length > 0)
            return GgufChoice.Pick(_ggufs, selector) is string picked ? [PathOf(picked)] : selector is null ? _ggufs.Select(PathOf) : [];
        return _isFolderModel && selector is null ? [_folder] : [];
    }

    private static (string Repository, string? Selector) Split(string name)
    {
        int colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (name, null) : (name[..colon], name[(colon + 1)..]);
    }

    private string PathOf(string file) => Path.Combine(_folder, file);
}
