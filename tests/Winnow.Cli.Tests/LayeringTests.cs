namespace Winnow.Cli.Tests;

/// <summary>The command line stands on top: it knows the engine, the evaluation and the training, and neither TorchSharp nor a server.</summary>
public sealed class LayeringTests
{
    [Fact]
    public void The_command_line_references_only_the_projects_below_it()
    {
        IEnumerable<string> referenced = typeof(CommandLine).Assembly.GetReferencedAssemblies()
            .Select(name => name.Name!)
            .Where(name => name.StartsWith("Winnow", StringComparison.Ordinal) || name.Contains("Torch", StringComparison.Ordinal));
        Assert.Empty(referenced.Except(["Winnow", "Winnow.Kernels", "Winnow.Evaluation", "Winnow.Training"]));
    }
}
