namespace Winnow.Tests.Formats;

/// <summary>Opens files that may be broken: the one allowed failure is a short error of one line, and it must be cheap.</summary>
internal static class Broken
{
    private const long MaxAllocated = 50_000_000;

    public static string Message(Action open)
    {
        Exception? error = Record(open);
        Assert.NotNull(error);
        return error.Message;
    }

    /// <summary>Runs the action; returns its <see cref="WinnowException"/>, if any. Every other exception fails the test.</summary>
    public static WinnowException? Record(Action open)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        WinnowException? found = null;
        try
        {
            open();
        }
        catch (WinnowException error)
        {
            found = error;
            Assert.DoesNotContain('\n', error.Message);
            Assert.InRange(error.Message.Length, 20, 900);
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocated);
        return found;
    }
}
