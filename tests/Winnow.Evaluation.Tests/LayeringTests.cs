namespace Winnow.Evaluation.Tests;

/// <summary>Evaluation stands on the engine alone: it knows no command line, no server and no TorchSharp.</summary>
public sealed class LayeringTests
{
    [Fact]
    public void Evaluation_references_only_the_engine_and_its_kernels()
    {
        IEnumerable<string> referenced = typeof(Comparison).Assembly.GetReferencedAssemblies()
            .Select(name => name.Name!)
            .Where(name => name.StartsWith("Winnow", StringComparison.Ordinal) || name.Contains("Torch", StringComparison.Ordinal));
        Assert.Empty(referenced.Except(["Winnow", "Winnow.Kernels"]));
    }
}
