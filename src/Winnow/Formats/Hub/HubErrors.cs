using System.Net;

namespace Winnow.Formats.Hub;

/// <summary>Tells failures that pass from those that stay, and words the latter.</summary>
internal static class HubErrors
{
    private const int UnixNoSpace = 28;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>Whether trying again may help.</summary>
    public static bool MayPass(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500;

    /// <summary>The error of an answer that trying again would not change.</summary>
    public static WinnowException Refused(HubReference reference, string what, HttpStatusCode status) => new(status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
            $"{reference.Name} does not exist, is private or asks for consent ({(int)status} for {what}); check the name, accept the terms on its page and set HF_TOKEN",
        HttpStatusCode.NotFound => $"{reference.Name}: the hub has no {what} at revision '{reference.Revision}' (404); check the name",
        _ => $"{reference.Name}: the hub answered {(int)status} for {what}; try again later",
    });

    /// <summary>The error of a write that failed.</summary>
    public static WinnowException CannotWrite(string path, long missing, IOException error) =>
        IsDiskFull(error)
            ? new($"{path}: the disk is full with {missing} bytes still to come; free some space or set {ModelCache.Variable} to another disk, then pull again to resume", error)
            : new($"{path}: the file cannot be written ({InputFile.OneLine(error.Message)}); another pull may be using it, or set {ModelCache.Variable} to a folder you own", error);

    private static bool IsDiskFull(IOException error) => error.HResult is UnixNoSpace or WindowsDiskFull;
}
