namespace Winnow.Formats.Hub;

/// <summary>Settings of a <see cref="HubClient"/>; the defaults come from the environment.</summary>
public sealed class HubOptions
{
    /// <summary>Address of the hub: the variable <c>HF_ENDPOINT</c>, else <c>https://huggingface.co</c>.</summary>
    public string Endpoint { get; init; } =
        Environment.GetEnvironmentVariable("HF_ENDPOINT") is { Length: > 0 } named ? named : "https://huggingface.co";

    /// <summary>
    /// Access token for private and gated models: the variable <c>HF_TOKEN</c>. It is sent to <see cref="Endpoint"/> alone, never to where that
    /// redirects.
    /// </summary>
    public string? Token { get; init; } = Environment.GetEnvironmentVariable("HF_TOKEN") is { Length: > 0 } named ? named : null;

    /// <summary>Folder that models are pulled into, as <c>owner/repo/file</c>.</summary>
    public string CacheFolder { get; init; } = ModelCache.DefaultFolder;

    /// <summary>Attempts in a row, the first included, that may end early without a new byte before a pull gives up.</summary>
    public int MaxAttempts { get; init; } = 6;

    /// <summary>A connection on which no byte arrives for this long counts as cut.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Waits between attempts.</summary>
    public Func<TimeSpan, CancellationToken, Task> Delay { get; init; } = Task.Delay;
}
