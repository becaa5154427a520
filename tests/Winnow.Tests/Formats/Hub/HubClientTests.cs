using System.Text;
using Winnow.Formats.Hub;

namespace Winnow.Tests.Formats.Hub;

public sealed class HubClientTests : IDisposable
{
    private readonly TempFolder _cache = new();
    private readonly FakeHub _hub = new();
    private readonly List<TimeSpan> _waits = [];

    private string Model => Path.Combine(_cache.Path, "me", "model", "m.Q4_K_M.gguf");

    private static byte[] Content { get; } = [.. Enumerable.Range(0, 400_000).Select(i => (byte)(i * 31 >> 3))];

    public void Dispose()
    {
        _hub.Dispose();
        _cache.Dispose();
    }

    [Fact]
    public async Task A_model_is_pulled_whole_and_progress_ends_at_its_size()
    {
        Serve();
        List<DownloadProgress> seen = [];
        string path = await PullAsync(progress: new Sink(seen));
        Assert.Equal(Model, path);
        Assert.Equal(Content, File.ReadAllBytes(path));
        Assert.Equal(new DownloadProgress("m.Q4_K_M.gguf", 1, 1, Content.Length, Content.Length), seen[^1]);
        Assert.True(seen.Select(each => each.BytesDone).SequenceEqual(seen.Select(each => each.BytesDone).Order()));
        Assert.Empty(_waits);
    }

    [Fact]
    public async Task A_cut_connection_is_resumed_where_it_broke()
    {
        Serve();
        _hub.Twist = (request, answer) => IsDownload(request) ? answer with { CutAfter = 150_000 } : answer;
        Assert.Equal(Content, File.ReadAllBytes(await PullAsync()));
        Assert.Equal([0L, 150_000, 300_000], _hub.Downloads.Select(request => request.From));
        Assert.Equal(2, _waits.Count);
        Assert.False(File.Exists(Model + ".part"));
    }

    [Fact]
    public async Task An_interrupted_pull_is_resumed_by_the_next()
    {
        Serve();
        _cache.File("me/model/m.Q4_K_M.gguf.part", Content.AsSpan(0, 123_456));
        Assert.Equal(Content, File.ReadAllBytes(await PullAsync()));
        Assert.Equal(123_456, Assert.Single(_hub.Downloads).From);
    }

    [Fact]
    public async Task A_part_that_is_complete_is_checked_and_renamed_without_a_download()
    {
        Serve();
        _cache.File("me/model/m.Q4_K_M.gguf.part", Content);
        Assert.Equal(Content, File.ReadAllBytes(await PullAsync()));
        Assert.Empty(_hub.Downloads);
    }

    [Fact]
    public async Task A_part_of_another_revision_is_noticed_and_fetched_anew()
    {
        Serve();
        _cache.File("me/model/m.Q4_K_M.gguf.part", new byte[1000]);
        Assert.Equal(Content, File.ReadAllBytes(await PullAsync()));
        Assert.Equal([1000L, 0], _hub.Downloads.Select(request => request.From));
    }

    [Fact]
    public async Task A_part_is_not_trusted_when_the_hub_gives_no_checksum()
    {
        Serve();
        _hub.Checksums["m.Q4_K_M.gguf"] = "";
        _cache.File("me/model/m.Q4_K_M.gguf.part", new byte[1000]);
        Assert.Equal(Content, File.ReadAllBytes(await PullAsync()));
    }

    [Fact]
    public async Task A_server_that_ignores_ranges_starts_the_file_over()
    {
        Serve();
        _cache.File("me/model/m.Q4_K_M.gguf.part", new byte[1000]);
        _hub.Twist = (request, answer) => IsDownload(request) ? new FakeHub.Answer(200, Content) : answer;
        Assert.Equal(Content, File.ReadAllBytes(await PullAsync()));
        Assert.Single(_hub.Downloads);
    }

    [Theory]
    [InlineData(416, null)]
    [InlineData(206, "Content-Range: bytes 7-9/400000")]
    public async Task A_range_that_does_not_fit_starts_the_file_over(int status, string? header)
    {
        Serve();
        _cache.File("me/model/m.Q4_K_M.gguf.part", Content.AsSpan(0, 1000));
        _hub.Twist = (request, answer) => request.From == 1000 ? new FakeHub.Answer(status, new byte[3], header) : answer;
        Assert.Equal(Content, File.ReadAllBytes(await PullAsync()));
        Assert.Equal([1000L, 0], _hub.Downloads.Select(request => request.From));
    }

    [Fact]
    public async Task A_whole_file_is_not_fetched_again_and_a_damaged_one_is()
    {
        Serve();
        await PullAsync();
        await PullAsync();
        Assert.Single(_hub.Downloads);
        File.WriteAllBytes(Model, new byte[Content.Length]);
        Assert.Equal(Content, File.ReadAllBytes(await PullAsync()));
    }

    [Fact]
    public async Task A_wrong_checksum_discards_the_file()
    {
        Serve();
        _hub.Checksums["m.Q4_K_M.gguf"] = new string('a', 64);
        string message = await FailAsync();
        Assert.Contains("another SHA-256", message, StringComparison.Ordinal);
        Assert.Single(_hub.Downloads);
        Assert.False(File.Exists(Model));
        Assert.Equal(0, new FileInfo(Model + ".part").Length);
    }

    [Fact]
    public async Task A_server_that_sends_nothing_more_is_given_up_with_growing_waits()
    {
        Serve();
        _hub.Twist = (request, answer) => IsDownload(request) ? answer with { CutAfter = request.From == 0 ? 5000 : 0 } : answer;
        string message = await FailAsync();
        Assert.Contains("stopped at byte 5000 of 400000", message, StringComparison.Ordinal);
        Assert.Contains("pull again to resume", message, StringComparison.Ordinal);
        Assert.Equal([0.5, 1], _waits.Select(wait => wait.TotalSeconds));
        Assert.Equal(5000, new FileInfo(Model + ".part").Length);
    }

    [Fact]
    public async Task A_busy_server_is_asked_again_after_the_time_it_names()
    {
        Serve();
        int calls = 0;
        _hub.Twist = (request, answer) => ++calls % 2 == 1 ? new FakeHub.Answer(calls == 1 ? 503 : 429, [], "Retry-After: 7") : answer;
        Assert.Equal(Content, File.ReadAllBytes(await PullAsync()));
        Assert.Equal([7.0, 7.0], _waits.Select(wait => wait.TotalSeconds));
    }

    [Fact]
    public async Task A_silent_server_counts_as_cut()
    {
        Serve();
        bool first = true;
        _hub.Twist = (request, answer) =>
        {
            if (!IsDownload(request) || !first)
                return answer;
            first = false;
            return answer with { CutAfter = 1000, HangsAtTheEnd = true };
        };
        Assert.Equal(Content, File.ReadAllBytes(await PullAsync(stall: TimeSpan.FromMilliseconds(300))));
        Assert.Equal([0L, 1000], _hub.Downloads.Select(request => request.From));
    }

    [Theory]
    [InlineData(401, "set HF_TOKEN")]
    [InlineData(403, "set HF_TOKEN")]
    [InlineData(404, "no file 'm.Q4_K_M.gguf'")]
    [InlineData(400, "answered 400")]
    public async Task A_refusal_is_final_and_explained(int status, string says)
    {
        Serve();
        _hub.Twist = (request, answer) => IsDownload(request) ? new FakeHub.Answer(status, []) : answer;
        Assert.Contains(says, await FailAsync(), StringComparison.Ordinal);
        Assert.Empty(_waits);
    }

    [Fact]
    public async Task An_unknown_repository_is_named()
    {
        string message = await FailAsync("me/other");
        Assert.Contains("me/other", message, StringComparison.Ordinal);
        Assert.Contains("404", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_that_is_not_there_is_named_with_the_variable()
    {
        string gone = _hub.Address;
        _hub.Dispose();
        using HubClient client = Client(endpoint: gone);
        WinnowException error = await Assert.ThrowsAsync<WinnowException>(() =>
            client.PullAsync("me/model", cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("HF_ENDPOINT", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_leaves_the_part_for_the_next_pull()
    {
        Serve();
        using CancellationTokenSource stop = new();
        _hub.Twist = (request, answer) => IsDownload(request) ? answer with { CutAfter = 200_000, HangsAtTheEnd = true } : answer;
        Sink progress = new([], each => { if (each.BytesDone >= 200_000) stop.Cancel(); });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PullAsync(progress: progress, stop: stop));
        Assert.Equal(200_000, new FileInfo(Model + ".part").Length);
        _hub.Twist = (_, answer) => answer;
        Assert.Equal(Content, File.ReadAllBytes(await PullAsync()));
    }

    [Fact]
    public async Task The_token_follows_redirects_of_the_hub_and_reaches_no_other_host()
    {
        using FakeHub store = new();
        store.Twist = (_, _) => new FakeHub.Answer(200, Content);
        Serve();
        _hub.Twist = (request, answer) => !IsDownload(request) ? answer
            : request.Path.Contains("/near/", StringComparison.Ordinal) ? new FakeHub.Answer(302, [], $"Location: {store.Address}/blob")
            : new FakeHub.Answer(307, [], "Location: /near/me/model/resolve/x");
        await PullAsync(token: "hf_secret");
        Assert.All(_hub.Requests, request => Assert.Equal("Bearer hf_secret", request.Authorization));
        Assert.Equal(3, _hub.Requests.Count);
        Assert.Null(Assert.Single(store.Requests).Authorization);
    }

    [Fact]
    public async Task Redirects_in_a_circle_end()
    {
        Serve();
        _hub.Twist = (request, _) => new FakeHub.Answer(302, [], $"Location: {request.Path}");
        Assert.Contains("redirects more than", await FailAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../evil.gguf")]
    [InlineData("/etc/evil.gguf")]
    [InlineData("a/../../../evil.gguf")]
    [InlineData("a\\\\..\\\\evil.gguf")]
    [InlineData("C:evil.gguf")]
    public async Task A_file_name_that_leaves_the_folder_is_refused(string name)
    {
        _hub.Twist = (_, _) => new FakeHub.Answer(200, Encoding.UTF8.GetBytes($$"""[{"type":"file","path":"{{name}}","size":4}]"""));
        Assert.Contains("could leave the cache folder", await FailAsync(), StringComparison.Ordinal);
        Assert.Empty(_hub.Downloads);
    }

    [Theory]
    [InlineData("<html>", "list of files")]
    [InlineData("{}", "list of files")]
    [InlineData("""[{"path":"a.gguf"}]""", "list of files")]
    [InlineData("""[{"path":"a.gguf","size":-1}]""", "list of files")]
    [InlineData("""[{"path":"a.gguf","size":1,"lfs":{"oid":"xyz"}}]""", "list of files")]
    [InlineData("""[{"path":"a.gguf","size":9000000000000000000},{"path":"a-00001-of-00002.gguf","size":1}]""", "several GGUF")]
    [InlineData("""[{"path":"a.gguf","size":9000000000000000000}]""", "needs 9000000000000000000 more bytes")]
    [InlineData("[]", "neither GGUF files nor config.json")]
    public async Task A_listing_that_cannot_be_used_is_explained(string json, string says)
    {
        _hub.Twist = (_, _) => new FakeHub.Answer(200, Encoding.UTF8.GetBytes(json));
        Assert.Contains(says, await FailAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_listing_is_read_page_by_page()
    {
        Serve();
        _hub.Twist = (request, answer) => request.Path.EndsWith("recursive=true", StringComparison.Ordinal)
            ? new FakeHub.Answer(200, "[]"u8.ToArray(), $"Link: <{_hub.Address}/page2>; rel=\"next\"")
            : request.Path == "/page2" ? new FakeHub.Answer(200, Encoding.UTF8.GetBytes(_hub.Listing())) : answer;
        Assert.Equal(Content, File.ReadAllBytes(await PullAsync()));
    }

    [Fact]
    public async Task A_file_longer_than_listed_is_refused()
    {
        Serve();
        _hub.Twist = (request, answer) => IsDownload(request) ? new FakeHub.Answer(200, [.. Content, 1]) : answer;
        Assert.Contains("is longer than the 400000 bytes", await FailAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_says_how_much_is_missing()
    {
        if (!File.Exists("/dev/full"))
            Assert.Skip("needs the device /dev/full of Linux");
        Serve();
        Directory.CreateDirectory(Path.GetDirectoryName(Model)!);
        File.CreateSymbolicLink(Model + ".part", "/dev/full");
        string message = await FailAsync();
        Assert.Contains("the disk is full with 400000 bytes still to come", message, StringComparison.Ordinal);
        Assert.Contains("WINNOW_CACHE", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Safetensors_arrive_with_config_and_tokenizer_and_without_duplicates()
    {
        foreach (string name in new[] { "config.json", "tokenizer.json", "model-00001-of-00001.safetensors", "consolidated.safetensors", "README.md", "onnx/model.onnx" })
            _hub.Files[name] = Encoding.UTF8.GetBytes(name);
        string folder = await PullAsync();
        Assert.Equal(["config.json", "model-00001-of-00001.safetensors", "tokenizer.json"], Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order());
    }

    private static bool IsDownload(FakeHub.Request request) => request.Path.Contains("/resolve/", StringComparison.Ordinal);

    private void Serve() => _hub.Files["m.Q4_K_M.gguf"] = Content;

    private HubClient Client(string? token = null, TimeSpan? stall = null, string? endpoint = null) => new(new HubOptions
    {
        Endpoint = endpoint ?? _hub.Address,
        Token = token,
        CacheFolder = _cache.Path,
        MaxAttempts = 3,
        StallTimeout = stall ?? TimeSpan.FromSeconds(20),
        Delay = (wait, cancellation) =>
        {
            _waits.Add(wait);
            return cancellation.IsCancellationRequested ? Task.FromCanceled(cancellation) : Task.CompletedTask;
        },
    });

    private async Task<string> PullAsync(
        string reference = "me/model", IProgress<DownloadProgress>? progress = null, string? token = null, TimeSpan? stall = null, CancellationTokenSource? stop = null)
    {
        using HubClient client = Client(token, stall);
        return await client.PullAsync(reference, progress, stop?.Token ?? TestContext.Current.CancellationToken);
    }

    private async Task<string> FailAsync(string reference = "me/model")
    {
        WinnowException error = await Assert.ThrowsAsync<WinnowException>(() => PullAsync(reference));
        Assert.DoesNotContain('\n', error.Message);
        return error.Message;
    }

    private sealed class Sink(List<DownloadProgress> seen, Action<DownloadProgress>? then = null) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value)
        {
            seen.Add(value);
            then?.Invoke(value);
        }
    }
}
