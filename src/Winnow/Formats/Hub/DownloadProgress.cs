namespace Winnow.Formats.Hub;

/// <summary>How far a pull has come.</summary>
/// <param name="File">The file being fetched.</param>
/// <param name="FileNumber">Its number, from 1.</param>
/// <param name="FileCount">Files in this pull.</param>
/// <param name="BytesDone">Bytes on the disk, over all files of the pull, those of an earlier interrupted pull included.</param>
/// <param name="BytesTotal">Bytes of all files of the pull.</param>
public readonly record struct DownloadProgress(string File, int FileNumber, int FileCount, long BytesDone, long BytesTotal);
