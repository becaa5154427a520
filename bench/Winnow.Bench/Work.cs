namespace Winnow.Bench;

/// <summary>What one call must do at least, whatever the kernel does beside it.</summary>
/// <param name="Bytes">Bytes to read, each once; 0 when they say nothing about the call.</param>
/// <param name="Operations">Two for each multiply-add; 0 when they say nothing about the call.</param>
public readonly record struct Work(long Bytes, long Operations);

/// <summary>A class of benchmarks that can say how much work a call is.</summary>
public interface IWork
{
    /// <summary>The work of one call with the parameters as they are set; needs no setup.</summary>
    /// <param name="benchmark">Name of the benchmark's method.</param>
    Work Of(string benchmark);
}
