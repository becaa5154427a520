namespace Winnow.Cli.Tests;

public sealed class InterruptsTests
{
    [Fact]
    public void The_first_Ctrl_C_stops_what_runs_and_the_second_may_end_the_process()
    {
        using Interrupts interrupts = new();
        Assert.True(interrupts.Raise());
        Assert.True(interrupts.Token.IsCancellationRequested);
        Assert.False(interrupts.Raise());
    }

    [Fact]
    public void After_a_reset_Ctrl_C_stops_again()
    {
        using Interrupts interrupts = new();
        interrupts.Raise();
        interrupts.Reset();
        Assert.False(interrupts.Requested);
        Assert.True(interrupts.Raise());
    }

    [Fact]
    public void While_a_line_is_awaited_Ctrl_C_ends_the_process()
    {
        using Interrupts interrupts = new();
        Assert.False(interrupts.Wait(interrupts.Raise));
        Assert.False(interrupts.Requested);
    }
}
