namespace Winnow.Torch.Tests;

/// <summary>TorchSharp is reached through this project, which stands on the engine alone.</summary>
public sealed class LayeringTests
{
    [Fact]
    public void The_project_references_only_the_engine_and_its_kernels()
    {
        IEnumerable<string> referenced = typeof(TorchRuntime).Assembly.GetReferencedAssemblies()
            .Select(name => name.Name!)
            .Where(name => name.StartsWith("Winnow", StringComparison.Ordinal));
        Assert.Empty(referenced.Except(["Winnow", "Winnow.Kernels"]));
    }
}
