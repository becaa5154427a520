using System.Text.RegularExpressions;
using Winnow.Training.Nano;

namespace Winnow.Training.Tests.Nano;

public sealed class NanoTasksTests
{
    public static TheoryData<string, int> Cells => new(NanoTasks.Names.SelectMany(task => new[] { 128, 600 }, (task, tokens) => (task, tokens)));

    [Theory]
    [MemberData(nameof(Cells))]
    public void The_same_seed_gives_the_same_sample_and_another_seed_another(string task, int tokens)
    {
        Assert.Equal(NanoTasks.Create(task, tokens, 5), NanoTasks.Create(task, tokens, 5));
        Assert.NotEqual(NanoTasks.Create(task, tokens, 5), NanoTasks.Create(task, tokens, 6));
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void A_sample_fits_its_length_and_answers_follow_from_the_text(string task, int tokens)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            NanoSample sample = NanoTasks.Create(task, tokens, seed);
            int used = NanoVocabulary.Default.Count(sample.Prompt(withLead: false) + " " + sample.FullAnswer);
            Assert.InRange(used, 1, tokens);
            if (sample.Document.Length > 0 && !task.StartsWith("bio", StringComparison.Ordinal))
                Assert.InRange(used, tokens - 40, tokens);
            Assert.Equal(Solve(task, sample) ?? sample.FullAnswer, sample.FullAnswer);
        }
    }

    [Fact]
    public void Unknown_tasks_and_lengths_that_hold_nothing_are_refused()
    {
        Assert.Contains("there is no task 'juggle'", Assert.Throws<WinnowException>(() => NanoTasks.Create("juggle", 128, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("64 or more", Assert.Throws<WinnowException>(() => NanoTasks.Create("kv", 10, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Running_text_follows_from_its_seed()
    {
        Assert.Equal(NanoText.Create(1, 9), NanoText.Create(1, 9));
        Assert.NotEqual(NanoText.Create(1, 9), NanoText.Create(2, 9));
    }

    /// <summary>Answers by reading, in ways of its own; null where any answer is a matter of taste.</summary>
    private static string? Solve(string task, NanoSample sample)
    {
        string Group(string text, string pattern) => Regex.Match(text, pattern) is { Success: true } match ? match.Groups[1].Value : throw new InvalidDataException(text);
        string word = Group(sample.Question, @"(\w+)[?.]$");
        switch (task)
        {
            case "needle":
                return $"The secret code of {word} is {Group(sample.Document, $@"The secret code of {word} is (\d+)\.")}.";
            case "needle-values":
                string[] codes = [.. Regex.Matches(sample.Document, $@"The secret code of {word} is (\d+)\.").Select(match => match.Groups[1].Value)];
                return $"The secret codes of {word} are {codes[0]} and {codes[1]}.";
            case "kv":
                return $"Pair: {word} = {Group(sample.Document, $@"Pair: {word} = (\w+)\.")}.";
            case "var1" or "var2" or "var3":
                string chain = word;
                for (string at = word; !char.IsDigit(at[0]); chain += " = " + at)
                    at = Group(sample.Document, $@"Let {at} = (\w+)\.");
                return $"So {chain}.";
            case "copy":
                return sample.Question.Replace("Copy:", "Again:", StringComparison.Ordinal);
            case "common":
                return $"The most common word is {Ranked(sample)[0]}.";
            case "frequent":
                string[] ranked = Ranked(sample);
                return $"The most common words are {ranked[0]}, {ranked[1]} and {ranked[2]}.";
            case "bio1":
                return sample.Lead + " " + Group(sample.Document, Regex.Escape(sample.Lead) + @" (\w+)\.") + ".";
            case "bio2":
                string friend = Group(sample.Document, $@"The friend of {Group(sample.Question, @"friend of (\w+)")} is (\w+)\.");
                string fact = Group(sample.Answer, $@"^{friend}\. ({friend} .+) \w+\.$");
                return $"{sample.Lead} {friend}. {fact} {Group(sample.Document, Regex.Escape(fact) + @" (\w+)\.")}.";
            case "add":
                int[] numbers = [.. Regex.Matches(sample.Question, @"\d+").Select(match => int.Parse(match.Value, null))];
                Assert.EndsWith($"= {numbers[0] + numbers[1]}.", sample.Answer, StringComparison.Ordinal);
                Assert.All(Regex.Matches(sample.Answer, @"([\d +]+) = (\d+)"), step =>
                    Assert.Equal(int.Parse(step.Groups[2].Value, null), step.Groups[1].Value.Split('+').Sum(part => int.Parse(part, null))));
                return null;
            default:
                return null;
        }
    }

    private static string[] Ranked(NanoSample sample) =>
        [.. Regex.Match(sample.Question, "List: ([a-z ]+)").Groups[1].Value.Split(' ').GroupBy(word => word).OrderByDescending(group => group.Count()).Select(group => group.Key)];
}
