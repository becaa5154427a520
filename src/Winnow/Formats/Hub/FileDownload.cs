using System.Net;
using System.Security.Cryptography;

namespace Winnow.Formats.Hub;

/// <summary>
/// Brings one file to the disk: into <c>name.part</c>, resumed after every cut, checked, then renamed in one step. Whoever sees the final name sees the
/// whole file. Without a checksum from the hub nothing proves that an old part belongs to the file of today, so such a part is dropped.
/// </summary>
internal sealed class FileDownload(HubConnection connection, HubOptions options, HubReference reference, HubFile file, string target, Action<long> report)
{
    private const int BufferBytes = 1 << 17;

    private readonly string _part = PartOf(target);

    /// <summary>The name of a file that is not whole yet.</summary>
    public static string PartOf(string target) => target + ".part";

    /// <summary>Fetches the file unless it is there, whole and as the hub has it.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        if (await IsThereAsync(cancellation).ConfigureAwait(false))
        {
            report(file.Size);
            return;
        }
        using (FileStream stream = OpenPart())
        {
            if (file.Sha256 is null || stream.Length > file.Size)
                Clear(stream);
            await FetchCheckedAsync(stream, cancellation).ConfigureAwait(false);
            Guarded(() => stream.Flush(flushToDisk: true), 0);
        }
        Guarded(() => File.Move(_part, target, overwrite: true), 0);
    }

    private async Task<bool> IsThereAsync(CancellationToken cancellation)
    {
        if (file.Sha256 is null || !File.Exists(target) || new FileInfo(target).Length != file.Size)
            return false;
        using FileStream stream = new(target, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
        return await HasChecksumAsync(stream, cancellation).ConfigureAwait(false);
    }

    private FileStream OpenPart()
    {
        FileStream? stream = null;
        Guarded(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            stream = new FileStream(_part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0, useAsync: true);
        }, file.Size);
        return stream!;
    }

    private async Task FetchCheckedAsync(FileStream stream, CancellationToken cancellation)
    {
        bool inOnePiece = await FetchAsync(stream, cancellation).ConfigureAwait(false);
        if (await HasChecksumAsync(stream, cancellation).ConfigureAwait(false))
            return;
        Clear(stream);
        // A part from an earlier day may be of another revision: once, the whole file is worth a second try.
        if (!inOnePiece)
        {
            await FetchAsync(stream, cancellation).ConfigureAwait(false);
            if (await HasChecksumAsync(stream, cancellation).ConfigureAwait(false))
                return;
            Clear(stream);
        }
        throw new WinnowException($"{reference.Name}: {InputFile.Quote(file.Path)} arrived with another SHA-256 than {file.Sha256}, which the hub lists; "
            + "it was discarded, pull again later or from another network");
    }

    /// <summary>Appends until the file has its size; says whether one connection brought all of it.</summary>
    private async Task<bool> FetchAsync(FileStream stream, CancellationToken cancellation)
    {
        Retries retries = new(options);
        bool inOnePiece = stream.Length == 0;
        long most = stream.Length;
        report(most);
        while (stream.Length < file.Size)
        {
            try
            {
                await FetchOnceAsync(stream, retries, cancellation).ConfigureAwait(false);
            }
            catch (Exception error) when (error is HttpRequestException or IOException)
            {
                retries.Cause = InputFile.OneLine(error.Message);
            }
            if (stream.Length == file.Size)
                break;
            inOnePiece = false;
            if (stream.Length > most)
                retries.Progressed();
            most = Math.Max(most, stream.Length);
            if (!await retries.WaitAsync(cancellation).ConfigureAwait(false))
            {
                throw new WinnowException($"{reference.Name}: the download of {InputFile.Quote(file.Path)} stopped at byte {stream.Length} of {file.Size} "
                    + $"({retries.Cause}, {retries.Failures} attempts); pull again to resume");
            }
        }
        return inOnePiece;
    }

    private async Task FetchOnceAsync(FileStream stream, Retries retries, CancellationToken cancellation)
    {
        Uri address = connection.Address($"{reference.Name}/resolve/{Uri.EscapeDataString(reference.Revision)}/", file.Path);
        using HttpResponseMessage response = await connection.GetAsync(address, stream.Length, cancellation).ConfigureAwait(false);
        switch (response.StatusCode)
        {
            case HttpStatusCode.PartialContent when response.Content.Headers.ContentRange?.From == stream.Length:
                break;
            case HttpStatusCode.OK:
                Clear(stream);
                break;
            case HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable when stream.Length > 0:
                Clear(stream);
                retries.Cause = "the hub sent another part of the file than was asked for";
                return;
            case HttpStatusCode status when HubErrors.MayPass(status):
                retries.Cause = $"the hub answered {(int)status}";
                retries.ServerDelay = response.Headers.RetryAfter?.Delta;
                return;
            default:
                throw HubErrors.Refused(reference, $"file {InputFile.Quote(file.Path)}", response.StatusCode);
        }
        retries.Cause = "the connection was cut";
        await CopyAsync(response, stream, cancellation).ConfigureAwait(false);
    }

    private async Task CopyAsync(HttpResponseMessage response, FileStream stream, CancellationToken cancellation)
    {
        using CancellationTokenSource stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using Stream body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        stream.Position = stream.Length;
        byte[] buffer = new byte[BufferBytes];
        while (true)
        {
            int count = await ReadAsync(body, buffer, stall, cancellation).ConfigureAwait(false);
            if (count == 0)
                return;
            if (stream.Length + count > file.Size)
                throw new WinnowException(
                    $"{reference.Name}: {InputFile.Quote(file.Path)} is longer than the {file.Size} bytes that the hub lists; pull again");
            try
            {
                await stream.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
            }
            catch (IOException error)
            {
                throw HubErrors.CannotWrite(_part, file.Size - stream.Length, error);
            }
            report(stream.Length);
        }
    }

    private async Task<int> ReadAsync(Stream body, byte[] buffer, CancellationTokenSource stall, CancellationToken cancellation)
    {
        stall.CancelAfter(options.StallTimeout);
        try
        {
            return await body.ReadAsync(buffer, stall.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"no byte within {options.StallTimeout.TotalSeconds:0} s", error);
        }
    }

    private async Task<bool> HasChecksumAsync(FileStream stream, CancellationToken cancellation)
    {
        if (file.Sha256 is null)
            return true;
        stream.Position = 0;
        byte[] digest = await SHA256.HashDataAsync(stream, cancellation).ConfigureAwait(false);
        return Convert.ToHexStringLower(digest) == file.Sha256;
    }

    private void Clear(FileStream stream)
    {
        if (stream.Length > 0)
            Guarded(() => stream.SetLength(0), file.Size);
    }

    private void Guarded(Action action, long missing)
    {
        try
        {
            action();
        }
        catch (IOException error)
        {
            throw HubErrors.CannotWrite(_part, missing, error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw HubErrors.CannotWrite(_part, missing, new IOException(error.Message, error));
        }
    }
}
