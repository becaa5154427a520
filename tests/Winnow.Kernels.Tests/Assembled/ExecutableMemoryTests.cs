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
        string line = Assert.Single(File.ReadLines("/proc/self/maps"), text => Holds(text, code));
        Assert.Contains(" r-xp ", line, StringComparison.Ordinal);
    }

    /// <summary>Whether a line's mapping holds an address: the system joins neighbours, so code that was placed later may begin the mapping.</summary>
    private static bool Holds(string line, nint address)
    {
        string[] borders = line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-');
        ulong at = (ulong)address;
        return ulong.Parse(borders[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) <= at
            && at < ulong.Parse(borders[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
