using System.Reflection;

namespace Winnow.Tests;

/// <summary>Arrows between projects point one way; the engine never meets the command line, a server or TorchSharp.</summary>
public sealed class LayeringTests
{
    [Theory]
    [InlineData("Winnow.Kernels")]
    [InlineData("Winnow", "Winnow.Kernels")]
    public void A_project_references_only_the_projects_below_it(string project, params string[] allowed)
    {
        IEnumerable<string> referenced = Assembly.Load(project).GetReferencedAssemblies()
            .Select(name => name.Name!)
            .Where(name => name.StartsWith("Winnow", StringComparison.Ordinal) || name.Contains("Torch", StringComparison.Ordinal));
        Assert.Empty(referenced.Except(allowed));
    }
}
