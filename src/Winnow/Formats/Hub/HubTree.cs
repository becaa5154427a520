using System.Net;

namespace Winnow.Formats.Hub;

/// <summary>Fetches the list of a repository's files, page by page.</summary>
internal sealed class HubTree(HubConnection connection, HubOptions options)
{
    private const int MaxPages = 100;
    private const int MaxPageBytes = 16 << 20;

    /// <summary>All files of the repository at its revision.</summary>
    public async Task<IReadOnlyList<HubFile>> ListAsync(HubReference reference, CancellationToken cancellation)
    {
        List<HubFile> files = [];
        Uri? address = connection.Address($"api/models/{reference.Name}/tree/{Uri.EscapeDataString(reference.Revision)}?recursive=true", "");
        for (int page = 0; address is not null && page < MaxPages; page++)
        {
            (byte[] json, Uri? next) = await PageAsync(reference, address, cancellation).ConfigureAwait(false);
            files.AddRange(HubListing.Parse(json, address.GetLeftPart(UriPartial.Path)));
            address = next;
        }
        return files;
    }

    private async Task<(byte[] Json, Uri? Next)> PageAsync(HubReference reference, Uri address, CancellationToken cancellation)
    {
        Retries retries = new(options);
        while (true)
        {
            try
            {
                using HttpResponseMessage response = await connection.GetAsync(address, 0, cancellation).ConfigureAwait(false);
                if (response.StatusCode == HttpStatusCode.OK)
                    return await ReadPageAsync(response, address, cancellation).ConfigureAwait(false);
                if (!HubErrors.MayPass(response.StatusCode))
                    throw HubErrors.Refused(reference, "such repository", response.StatusCode);
                retries.Cause = $"the hub answered {(int)response.StatusCode}";
                retries.ServerDelay = response.Headers.RetryAfter?.Delta;
            }
            catch (Exception error) when (error is HttpRequestException or IOException)
            {
                retries.Cause = InputFile.OneLine(error.Message);
            }
            if (!await retries.WaitAsync(cancellation).ConfigureAwait(false))
            {
                throw new WinnowException($"{reference.Name}: the hub at {address.GetLeftPart(UriPartial.Authority)} cannot be reached "
                    + $"({retries.Cause}, {retries.Failures} attempts); check the network and HF_ENDPOINT");
            }
        }
    }

    private async Task<(byte[] Json, Uri? Next)> ReadPageAsync(HttpResponseMessage response, Uri address, CancellationToken cancellation)
    {
        using CancellationTokenSource stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stall.CancelAfter(options.StallTimeout);
        try
        {
            await response.Content.LoadIntoBufferAsync(MaxPageBytes, stall.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new HttpRequestException($"the list did not arrive within {options.StallTimeout.TotalSeconds:0} s", error);
        }
        string? next = response.Headers.TryGetValues("Link", out IEnumerable<string>? links) ? HubListing.NextPage(links) : null;
        Uri? following = next is null ? null : new Uri(address, next);
        if (following is not null && !connection.IsHub(following))
            throw new WinnowException($"the hub's list goes on at another host ({following.Host}); check HF_ENDPOINT");
        return (await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false), following);
    }
}
