namespace Winnow.Cli.Tests;

public sealed class CompileAheadTests
{
    [Theory]
    [InlineData("run")]
    [InlineData("chat")]
    public void A_command_that_answers_has_a_thread_that_ends(string command)
    {
        Assert.SkipWhen(Environment.ProcessorCount == 1, "there is no second processor");
        Thread thread = CompileAhead.Start([command, "--prompt", "hello"])!;
        Assert.True(thread.IsBackground);
        Assert.True(thread.Join(TimeSpan.FromMinutes(1)));
    }

    [Theory]
    [InlineData]
    [InlineData("inspect")]
    [InlineData("--help")]
    public void Others_have_none(params string[] args) => Assert.Null(CompileAhead.Start(args));
}
