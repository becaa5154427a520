using System.Diagnostics;

namespace Winnow.Cli.Tests;

/// <summary>The built program as a shell meets it.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_broken_file_ends_the_process_with_2_and_one_line()
    {
        string path = _folder.File("m.gguf", TinyGguf.Raw(ulong.MaxValue, 0));
        (int code, string output, string error) = await StartAsync("run", "--model", path, "--prompt", "x", "--json");
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(path, Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_of_a_process_is_UTF_8_without_a_byte_order_mark()
    {
        using TinyLlamaFile model = new();
        (int code, string output, _) = await StartAsync("tokenize", "--model", model.Path, "--prompt", "é", "--json");
        Assert.Equal(0, code);
        Assert.StartsWith("{\"ids\":", output, StringComparison.Ordinal);
        Assert.Contains("<0xC3>", output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Out, string Error)> StartAsync(params string[] args)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Winnow.Cli.dll");
        ProcessStartInfo start = new(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string arg in (string[])[program, .. args])
            start.ArgumentList.Add(arg);
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
