using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Winnow.Kernels.Tests.Attention;
using Winnow.Kernels.Tests.Linear;
using Winnow.Kernels.Tests.Spectral;

namespace Winnow.Kernels.Tests;

/// <summary>Runs the kernel tests again in child processes whose runtime may not use some instructions, so that every branch is met on any machine.</summary>
public sealed partial class InstructionSetTests
{
    [Theory]
    [InlineData("WINNOW_JIT")]
    [InlineData("DOTNET_EnableAVXVNNI")]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public async Task Products_and_attention_hold_without(string instructions)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Winnow.Kernels.Tests");
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? program + ".exe" : program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "--filter-class", typeof(LinearKernelTests).FullName!, typeof(PagedAttentionTests).FullName!, typeof(SpectralAttentionTests).FullName!,
                "--no-progress",
            },
        };
        // The assembled kernels would hide the branches that are to be met.
        start.Environment["WINNOW_JIT"] = "0";
        start.Environment[instructions] = "0";
        using Process child = Process.Start(start)!;
        Task<string> errors = child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(child.ExitCode == 0, output + await errors);
        Match succeeded = SucceededLine().Match(output);
        Assert.True(succeeded.Success, output);
        Assert.True(int.Parse(succeeded.Groups[1].Value, CultureInfo.InvariantCulture) > 50, output);
    }

    [GeneratedRegex(@"succeeded: (\d+)")]
    private static partial Regex SucceededLine();
}
