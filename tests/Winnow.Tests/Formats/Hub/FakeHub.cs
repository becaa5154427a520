using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Winnow.Tests.Formats.Hub;

/// <summary>A hub on the loopback that answers as the real one does, and misbehaves on demand: it cuts connections, ignores ranges, lies.</summary>
internal sealed class FakeHub : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();

    public FakeHub()
    {
        _listener.Start();
        Address = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _ = Task.Run(AcceptAsync);
    }

    public string Address { get; }

    /// <summary>Content by path in the repository "me/model"; the listing is made from it.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Checksums that the listing claims instead of the true ones; an empty text leaves it out.</summary>
    public Dictionary<string, string> Checksums { get; } = [];

    /// <summary>May change an answer before it is sent.</summary>
    public Func<Request, Answer, Answer> Twist { get; set; } = (_, answer) => answer;

    public ConcurrentQueue<Request> Requests { get; } = new();

    public IEnumerable<Request> Downloads => Requests.Where(request => request.Path.Contains("/resolve/", StringComparison.Ordinal));

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
    }

    public string Listing() => JsonSerializer.Serialize(Files.Select(file => new Dictionary<string, object?>
    {
        ["type"] = "file",
        ["path"] = file.Key,
        ["size"] = file.Value.Length,
        ["oid"] = "0000000000000000000000000000000000000000",
        ["lfs"] = Checksum(file.Key) is { Length: > 0 } digest ? new Dictionary<string, object> { ["oid"] = digest, ["size"] = file.Value.Length } : null,
    }));

    private string Checksum(string path) => Checksums.TryGetValue(path, out string? claimed) ? claimed : Convert.ToHexStringLower(SHA256.HashData(Files[path]));

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _ = Task.Run(() => ServeAsync(client));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            using StreamReader reader = new(client.GetStream(), Encoding.ASCII);
            string[] words = (await reader.ReadLineAsync() ?? "").Split(' ');
            Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
            while (await reader.ReadLineAsync() is { Length: > 0 } line)
                headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            if (words.Length < 2)
                return;
            Request request = new(words[1], From(headers.GetValueOrDefault("Range")), headers.GetValueOrDefault("Authorization"));
            Requests.Enqueue(request);
            await SendAsync(client.GetStream(), Twist(request, Usual(request)));
        }
    }

    private static long From(string? range) => range is null ? 0 : long.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture);

    private Answer Usual(Request request)
    {
        if (request.Path == "/api/models/me/model/tree/main?recursive=true")
            return new Answer(200, Encoding.UTF8.GetBytes(Listing()));
        const string prefix = "/me/model/resolve/main/";
        if (!request.Path.StartsWith(prefix, StringComparison.Ordinal) || !Files.TryGetValue(request.Path[prefix.Length..], out byte[]? content))
            return new Answer(404, "not found"u8.ToArray());
        if (request.From == 0)
            return new Answer(200, content);
        if (request.From >= content.Length)
            return new Answer(416, [], $"Content-Range: bytes */{content.Length}");
        return new Answer(206, content[(int)request.From..], $"Content-Range: bytes {request.From}-{content.Length - 1}/{content.Length}");
    }

    private async Task SendAsync(NetworkStream stream, Answer answer)
    {
        string extra = answer.Header is null ? "" : answer.Header + "\r\n";
        string head = $"HTTP/1.1 {answer.Status} X\r\nContent-Length: {answer.Body.Length}\r\nConnection: close\r\n{extra}\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
        await stream.WriteAsync(answer.Body.AsMemory(0, Math.Min(answer.Body.Length, answer.CutAfter)));
        if (answer.HangsAtTheEnd)
            await Task.Delay(Timeout.Infinite, _stop.Token);
    }

    internal sealed record Request(string Path, long From, string? Authorization);

    /// <summary>The head promises the whole body; no more than <c>CutAfter</c> bytes of it are sent.</summary>
    internal sealed record Answer(int Status, byte[] Body, string? Header = null, int CutAfter = int.MaxValue, bool HangsAtTheEnd = false);
}
