namespace Winnow.Formats.Hub;

/// <summary>Counts attempts that brought nothing and waits longer after each: half a second, doubled up to half a minute.</summary>
internal sealed class Retries(HubOptions options)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>Attempts in a row without success.</summary>
    public int Failures { get; private set; }

    /// <summary>Why the last attempt failed.</summary>
    public string Cause { get; set; } = "the connection was cut";

    /// <summary>What the server asked to wait, if it did.</summary>
    public TimeSpan? ServerDelay { get; set; }

    /// <summary>The last attempt brought something.</summary>
    public void Progressed() => Failures = 0;

    /// <summary>Records a failure and waits; <see langword="false"/> when no attempt is left.</summary>
    public async Task<bool> WaitAsync(CancellationToken cancellation)
    {
        Failures++;
        if (Failures >= options.MaxAttempts)
            return false;
        TimeSpan own = TimeSpan.FromSeconds(0.5 * Math.Pow(2, Failures - 1));
        TimeSpan wait = ServerDelay is TimeSpan asked && asked > own ? asked : own;
        ServerDelay = null;
        await options.Delay(wait < Longest ? wait : Longest, cancellation).ConfigureAwait(false);
        return true;
    }
}
