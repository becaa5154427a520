using static TorchSharp.torch;

namespace Winnow.Torch;

/// <summary>Settings of the library as a whole.</summary>
public static class TorchRuntime
{
    /// <summary>Loads the library and sets its threads and the seed of its random numbers.</summary>
    /// <param name="threads">Threads of one operation, at least 1.</param>
    /// <param name="seed">Seed of what <c>randn</c> and its kin give.</param>
    /// <exception cref="WinnowException">The library is missing, or made for another system.</exception>
    public static void Start(int threads, long seed)
    {
        try
        {
            set_num_threads(threads);
            manual_seed(seed);
        }
        catch (Exception error) when (error is DllNotFoundException or TypeInitializationException or NotSupportedException or BadImageFormatException)
        {
            string reason = (error.InnerException ?? error).Message.Split('\n')[0];
            throw new WinnowException($"TorchSharp's library cannot be loaded: {reason}; build winnow on this system, with the libtorch package that fits it", error);
        }
    }
}
