namespace Winnow.Formats.Hub;

/// <summary>
/// Fetches models from the Hugging Face hub, or from a server that speaks as it does, into the user's cache folder. An interrupted pull leaves what it has
/// and the next one goes on from there; checksums that the hub lists are verified.
/// </summary>
public sealed class HubClient : IDisposable
{
    private readonly HubOptions _options;
    private readonly HubConnection _connection;

    /// <summary>Prepares a client; nothing is sent yet.</summary>
    /// <param name="options">Settings; <see langword="null"/> takes them from the environment.</param>
    /// <exception cref="WinnowException">The hub's address is not an http address.</exception>
    public HubClient(HubOptions? options = null)
    {
        _options = options ?? new HubOptions();
        _connection = new HubConnection(_options);
    }

    /// <summary>The files of a repository.</summary>
    /// <exception cref="WinnowException">The repository does not exist, may not be read, or the hub cannot be reached.</exception>
    public Task<IReadOnlyList<HubFile>> ListAsync(HubReference reference, CancellationToken cancellationToken = default) =>
        new HubTree(_connection, _options).ListAsync(reference, cancellationToken);

    /// <summary>
    /// Fetches a model: of a repository with GGUF files the one that is named, or of the quantisation that is named, else the first of Q4_K_M, Q8_0, Q4_0 and
    /// F16 that exists; of a repository with safetensors the weights, <c>config.json</c> and the tokenizer's files.
    /// </summary>
    /// <param name="reference"><c>owner/repo</c>, <c>owner/repo:Q8_0</c> or <c>owner/repo:file.gguf</c>; <c>@revision</c> may follow the repository.</param>
    /// <param name="progress">Told after every piece that arrives.</param>
    /// <param name="cancellationToken">Stops the pull and leaves what has arrived, to be resumed.</param>
    /// <returns>Path of the GGUF file, or of the folder with the safetensors.</returns>
    /// <exception cref="WinnowException">The model cannot be had: the sentence says why and what to do.</exception>
    public async Task<string> PullAsync(string reference, IProgress<DownloadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        HubReference parsed = HubReference.Parse(reference);
        IReadOnlyList<HubFile> listing = await ListAsync(parsed, cancellationToken).ConfigureAwait(false);
        (IReadOnlyList<HubFile> files, string? model) = HubSelection.Select(parsed, listing);
        string folder = Path.Combine(_options.CacheFolder, parsed.Owner, parsed.Repo);
        string[] targets = [.. files.Select(file => TargetOf(parsed, folder, file))];
        Int128 total = files.Aggregate((Int128)0, (sum, file) => sum + file.Size);
        RequireSpace(parsed, total - targets.Sum(Present));
        long before = 0;
        for (int i = 0; i < files.Count; i++)
        {
            HubFile file = files[i];
            (int number, long done) = (i + 1, before);
            void Report(long bytes) =>
                progress?.Report(new DownloadProgress(file.Path, number, files.Count, done + bytes, long.CreateSaturating(total)));
            await new FileDownload(_connection, _options, parsed, file, targets[i], Report).RunAsync(cancellationToken).ConfigureAwait(false);
            before += file.Size;
        }
        return model is null ? folder : Path.Combine(folder, model);
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private static string TargetOf(HubReference reference, string folder, HubFile file) =>
        SafePath.IsInside(file.Path) && !file.Path.EndsWith(".part", StringComparison.OrdinalIgnoreCase)
            ? Path.Combine(folder, file.Path)
            : throw new WinnowException(
                $"{reference.Name} lists the file {InputFile.Quote(file.Path)}, whose name could leave the cache folder; do not use this repository");

    private static long Present(string target)
    {
        FileInfo whole = new(target);
        FileInfo part = new(FileDownload.PartOf(target));
        return whole.Exists ? whole.Length : part.Exists ? part.Length : 0;
    }

    private void RequireSpace(HubReference reference, Int128 missing)
    {
        long free;
        try
        {
            DirectoryInfo folder = new(_options.CacheFolder);
            folder.Create();
            free = new DriveInfo(folder.FullName).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WinnowException($"{_options.CacheFolder}: models cannot be stored there ({InputFile.OneLine(error.Message)}); set {ModelCache.Variable} to a folder you own", error);
        }
        catch (ArgumentException)
        {
            // A network share has no drive letter, so its free space is found out by writing.
            return;
        }
        if (missing > free)
        {
            throw new WinnowException($"{reference.Name} needs {missing} more bytes and {_options.CacheFolder} has {free} free; "
                + $"free some space, set {ModelCache.Variable} to another disk, or choose a smaller quantisation");
        }
    }
}
