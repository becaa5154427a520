using Winnow.Training.Nano;

namespace Winnow.Training.Tests;

/// <summary>Training stands on the engine and on Winnow.Torch; it knows no evaluation, command line or server.</summary>
public sealed class LayeringTests
{
    [Fact]
    public void Training_references_only_the_projects_below_it()
    {
        IEnumerable<string> referenced = typeof(NanoTrainer).Assembly.GetReferencedAssemblies()
            .Select(name => name.Name!)
            .Where(name => name.StartsWith("Winnow", StringComparison.Ordinal));
        Assert.Empty(referenced.Except(["Winnow", "Winnow.Kernels", "Winnow.Torch"]));
    }
}
