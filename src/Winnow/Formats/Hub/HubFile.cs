namespace Winnow.Formats.Hub;

/// <summary>One file of a repository on the hub.</summary>
/// <param name="Path">Path in the repository, with forward slashes.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">SHA-256 of the content in lower-case hexadecimal, which the hub knows of large files; <see langword="null"/> otherwise.</param>
public sealed record HubFile(string Path, long Size, string? Sha256);
