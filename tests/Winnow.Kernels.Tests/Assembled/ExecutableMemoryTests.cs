using System.Globalization;
using Winnow.Kernels.Assembled;

namespace Winnow.Kernels.Tests.Assembled;

public sealed class ExecutableMemoryTests
{
    [Fact]
    public void Placed_code_can_be_executed_and_not_written()
    {
        Assert.SkipUnless(File.Exists("/proc/self/maps"), "the system does not list its mappings");
        nint code = ExecutableMemory.Place([0xC3]);
        Assert.True(code != 0);
        string start = code.ToString("x", CultureInfo.InvariantCulture);
        string line = Assert.Single(File.ReadLines("/proc/self/maps"), text => text.TrimStart('0').StartsWith(start + "-", StringComparison.Ordinal));
        Assert.Contains(" r-xp ", line, StringComparison.Ordinal);
    }
}
