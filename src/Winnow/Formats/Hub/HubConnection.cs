using System.Net;
using System.Net.Http.Headers;

namespace Winnow.Formats.Hub;

/// <summary>
/// Sends requests to the hub. Redirects are followed by hand: the token must reach the hub's own relative redirects and must never reach another host.
/// </summary>
internal sealed class HubConnection : IDisposable
{
    private const int MaxRedirects = 8;

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(30) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private readonly HubOptions _options;
    private readonly Uri _endpoint;

    public HubConnection(HubOptions options)
    {
        _options = options;
        _endpoint = Uri.TryCreate(options.Endpoint.TrimEnd('/') + "/", UriKind.Absolute, out Uri? endpoint) && endpoint.Scheme is "http" or "https"
            ? endpoint
            : throw new WinnowException($"the hub's address {InputFile.Quote(options.Endpoint)} is not an http or https address; correct HF_ENDPOINT");
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("winnow");
    }

    /// <summary>An address below the endpoint from path segments, each escaped.</summary>
    public Uri Address(string prefix, string path) =>
        new(_endpoint, prefix + string.Join('/', path.Split('/').Select(Uri.EscapeDataString)));

    /// <summary>Whether an address is on the hub itself.</summary>
    public bool IsHub(Uri address) =>
        Uri.Compare(address, _endpoint, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    /// <summary>Gets an address, from a byte on if asked, and returns once the head of the answer is there.</summary>
    public async Task<HttpResponseMessage> GetAsync(Uri address, long from, CancellationToken cancellation)
    {
        for (int redirects = 0; redirects <= MaxRedirects; redirects++)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, address);
            if (from > 0)
                request.Headers.Range = new RangeHeaderValue(from, null);
            if (_options.Token is string token && IsHub(address))
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            HttpResponseMessage response = await SendAsync(request, cancellation).ConfigureAwait(false);
            if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect) || response.Headers.Location is not Uri location)
            {
                return response;
            }
            response.Dispose();
            Uri next = new(address, location);
            if (next.Scheme != "https" && next.Scheme != address.Scheme)
                throw new WinnowException($"{address.GetLeftPart(UriPartial.Path)} redirects to the address '{InputFile.OneLine(next.Scheme)}:', which is not secure; check HF_ENDPOINT");
            address = next;
        }
        throw new WinnowException($"{address.GetLeftPart(UriPartial.Path)} redirects more than {MaxRedirects} times; check HF_ENDPOINT");
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using CancellationTokenSource stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stall.CancelAfter(_options.StallTimeout);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new HttpRequestException($"no answer within {_options.StallTimeout.TotalSeconds:0} s", error);
        }
    }
}
