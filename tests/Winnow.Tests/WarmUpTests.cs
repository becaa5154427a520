namespace Winnow.Tests;

public sealed class WarmUpTests
{
    [Fact]
    public void It_ends_and_leaves_the_file_alone()
    {
        using TinyLlamaFile file = new();
        WarmUp.Run(file.Path);
        File.Delete(file.Path);
    }

    [Fact]
    public void A_file_that_is_missing_is_refused() =>
        Assert.Throws<WinnowException>(() => WarmUp.Run(Path.Combine(Path.GetTempPath(), "winnow-there-is-no-such.gguf")));
}
