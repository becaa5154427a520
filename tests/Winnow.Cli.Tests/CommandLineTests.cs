namespace Winnow.Cli.Tests;

public sealed class CommandLineTests
{
    public static TheoryData<string> Commands => ["run", "chat", "compare", "perplexity", "tokenize", "bench", "inspect", "pull", "policies"];

    [Fact]
    public void Without_arguments_the_help_lists_every_command()
    {
        Cli.Outcome outcome = Cli.Run();
        Assert.Equal(0, outcome.Code);
        Assert.All(Commands, command => Assert.Contains($"\n  {command.Data}", outcome.Out, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void The_help_of_a_command_ends_with_examples_of_it(string command)
    {
        Cli.Outcome outcome = Cli.Run(command, "--help");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        string examples = outcome.Out[outcome.Out.IndexOf("Examples:", StringComparison.Ordinal)..];
        Assert.Contains($"winnow {command}", examples, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Examples_in_the_help_are_understood(string command)
    {
        string help = Cli.Run(command, "--help").Out;
        IEnumerable<string> lines = help[help.IndexOf("Examples:", StringComparison.Ordinal)..].Split('\n').Select(line => line.Trim());
        foreach (string line in lines.Where(line => line.StartsWith($"winnow {command}", StringComparison.Ordinal)))
        {
            string[] words = [.. Words(line.Split(" | ")[0]).Skip(1), "--help"];
            Cli.Outcome outcome = Cli.Run(words);
            Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        }
    }

    [Fact]
    public void The_version_is_a_number() => Assert.Matches(@"^\d+\.\d+\.\d+\r?\n$", Cli.Run("--version").Out);

    [Theory]
    [InlineData("there is no command 'sing'", "sing")]
    [InlineData("'--loud' is not an option of 'winnow run'", "run", "--loud")]
    [InlineData("--threads is 'many'; it must be a whole number from 0 to 1024", "run", "--threads", "many")]
    [InlineData("--activations is '4'; it must be 16 or 8", "run", "--activations", "4")]
    [InlineData("--top-k is '-1'", "run", "--top-k", "-1")]
    [InlineData("--temperature is '1,5'", "run", "--temperature", "1,5")]
    [InlineData("a temperature of -1 cannot work", "run", "--temperature=-1")]
    [InlineData("a top-p of 0 cannot work", "run", "--top-p", "0")]
    [InlineData("--cache-type is 'q4_2'; it must be one of f16,", "run", "--cache-type", "q4_2")]
    [InlineData("--cache-type is 'q8_0:'; it must be one of f16,", "run", "--cache-type", "q8_0:")]
    [InlineData("there is no cache policy 'magic'", "run", "--cache", "magic")]
    [InlineData("has no option 'size'", "run", "--cache", "snapkv:size=3")]
    [InlineData("a budget of 0 entries cannot work", "run", "--cache", "snapkv", "--keep", "0")]
    [InlineData("--keep 25% needs a policy", "run", "--keep", "25%")]
    [InlineData("--logprobs is 'all'", "run", "--logprobs", "all")]
    [InlineData("is neither a file, a folder nor a pulled model", "inspect", "no-such-model.gguf")]
    [InlineData("is not a model on the hub", "pull", "nonsense")]
    [InlineData("--depth is 'deep'", "bench", "--depth", "0,deep")]
    [InlineData("there is no folder", "compare", "--plot", "no-such-folder/plot.png")]
    public void What_cannot_work_is_refused_in_one_line(string sentence, params string[] args)
    {
        Assert.Contains(sentence, Cli.Run(args).Refusal(), StringComparison.Ordinal);
        if (args[0] != "sing" && args[1] != "--loud")
            Assert.Contains(sentence, Cli.Run([.. args, "--json"]).Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_argument_is_named() => Assert.EndsWith("see 'winnow pull --help'", Cli.Run("pull").Refusal(), StringComparison.Ordinal);

    [Fact]
    public void A_text_that_begins_with_an_at_sign_is_no_file_of_arguments() =>
        Assert.Contains("@home: there is no such file", Cli.Run("run", "--prompt-file", "@home").Refusal(), StringComparison.Ordinal);

    [Fact]
    public void The_stack_is_shown_on_demand_only()
    {
        Cli.Surroundings debug = new() { Variables = { ["WINNOW_DEBUG"] = "1" } };
        Assert.Contains("   at Winnow.", Cli.Run(debug, "run", "--cache", "magic").Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at Winnow.", Cli.Run("run", "--cache", "magic").Error, StringComparison.Ordinal);
    }

    /// <summary>Words as a shell splits them; enough for double quotes.</summary>
    private static IEnumerable<string> Words(string line) =>
        line.Split('"').SelectMany((part, i) => i % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
