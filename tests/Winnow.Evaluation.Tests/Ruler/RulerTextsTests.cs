using Winnow.Decoding;

namespace Winnow.Evaluation.Tests.Ruler;

public sealed class RulerTextsTests : IDisposable
{
    private const int Length = 4000;

    private readonly TinyLlama _tiny = new();

    public static TheoryData<string> Tasks => [.. RulerTasks.Names];

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void The_thirteen_tasks_have_Rulers_names() => Assert.Equal(
        [
            "niah_single_1", "niah_single_2", "niah_single_3", "niah_multikey_1", "niah_multikey_2", "niah_multikey_3", "niah_multivalue", "niah_multiquery",
                "vt", "cwe", "fwe", "qa_1", "qa_2",
        ],
        Create(new RulerOptions { Length = Length, Samples = 1 }).Select(row => row.Task));

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Every_answer_stands_in_the_text_and_not_in_the_question(string task)
    {
        Assert.All(Create(task, Length, 4), row =>
        {
            Assert.All(row.Answers, answer => Assert.Contains(answer, row.Context, StringComparison.Ordinal));
            Assert.All(row.Answers, answer => Assert.DoesNotContain(answer, row.Question + row.AnswerPrefix, StringComparison.Ordinal));
            Assert.Equal(row.Answers.Count, row.Answers.Distinct().Count());
            Assert.Equal(1, row.Score(string.Join(" ", row.Answers)));
        });
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Prompt_and_answer_fill_the_length_and_never_more(string task)
    {
        PromptRenderer renderer = new(_tiny.Model.Tokenizer, raw: false);
        foreach (int length in new[] { 2500, 8000 })
        {
            Assert.All(Create(task, length, 2), row =>
                Assert.InRange(QuestionWork.Encode(renderer, row).Tokens.Length + row.MaxNewTokens, length * 0.9, length));
        }
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void The_seed_decides_and_more_samples_change_none(string task)
    {
        string[] Texts(int samples, int seed) =>
            [.. Create(new RulerOptions { Tasks = [task], Length = 2500, Samples = samples, Seed = seed }).Select(row => row.Context + row.Question)];
        Assert.Equal(Texts(2, 1), Texts(2, 1));
        Assert.Equal(Texts(2, 1), Texts(3, 1)[..2]);
        Assert.NotEqual(Texts(2, 1), Texts(2, 2));
    }

    [Theory]
    [InlineData("niah_single_1", 1, 1)]
    [InlineData("niah_single_2", 1, 1)]
    [InlineData("niah_multikey_1", 4, 1)]
    [InlineData("niah_multivalue", 4, 4)]
    [InlineData("niah_multiquery", 4, 4)]
    public void Needles_are_as_many_as_the_task_says(string task, int needles, int answers)
    {
        DataRow row = Create(task, Length, 1)[0];
        Assert.Equal(needles, Count(row.Context, "One of the secret numbers of"));
        Assert.Equal(answers, row.Answers.Count);
        Assert.All(row.Answers, answer => Assert.Matches(@"^\d{7}$", answer));
    }

    [Theory]
    [InlineData("niah_multikey_2", "numbers")]
    [InlineData("niah_multikey_3", "codes")]
    public void A_haystack_of_needles_has_nothing_else(string task, string values)
    {
        DataRow row = Create(task, Length, 1)[0];
        string[] lines = row.Context.Split('\n')[2..];
        Assert.True(lines.Length > 10);
        Assert.All(lines, line => Assert.StartsWith($"One of the secret {values} of ", line, StringComparison.Ordinal));
        Assert.Equal(lines.Length, lines.Distinct().Count());
    }

    [Fact]
    public void Uuids_are_uuids() => Assert.All(
        Create("niah_single_3", Length, 2).Concat(Create("niah_multikey_3", Length, 2)), row => Assert.True(Guid.TryParse(Assert.Single(row.Answers), out _)));

    [Fact]
    public void A_chain_of_variables_can_be_followed_to_its_five_names()
    {
        DataRow row = Create("vt", Length, 1)[0];
        string text = row.Context[row.Context.LastIndexOf("Variables are given", StringComparison.Ordinal)..];
        string value = System.Text.RegularExpressions.Regex.Match(row.Question, @"\d{5}").Value;
        List<string> chain = [];
        foreach (System.Text.RegularExpressions.Match match in System.Text.RegularExpressions.Regex.Matches(text, @"VAR (\w+) = (?:VAR (\w+)|(\d+))\."))
        {
            Assert.Equal(chain.Count == 0 ? value : chain[^1], match.Groups[chain.Count == 0 ? 3 : 2].Value);
            chain.Add(match.Groups[1].Value);
        }

        Assert.Equal(chain, row.Answers);
        Assert.Equal(5, chain.Count);
    }

    [Theory]
    [InlineData(2500)]
    [InlineData(12000)]
    public void The_ten_common_words_come_more_often_than_any_other(int length)
    {
        DataRow row = Create("cwe", length, 1)[0];
        string text = row.Context[row.Context.LastIndexOf("remember those.", StringComparison.Ordinal)..];
        Dictionary<string, int> counts = System.Text.RegularExpressions.Regex.Matches(text, @"\d+\. ([a-z]+)").CountBy(match =>
            match.Groups[1].Value).ToDictionary();
        int least = row.Answers.Min(answer => counts[answer]);
        Assert.Equal(10, row.Answers.Count);
        Assert.All(counts.Where(count => !row.Answers.Contains(count.Key)), count => Assert.True(count.Value < least, $"{count} against {least}"));
        if (length == 12000)
            Assert.Equal((30, 3), (least, counts.Where(count => !row.Answers.Contains(count.Key)).Max(count => count.Value)));
    }

    [Fact]
    public void The_frequent_coded_words_are_those_after_the_dots_in_their_order()
    {
        DataRow row = Create("fwe", Length, 1)[0];
        string[] words = row.Context[(row.Context.IndexOf("\n\n", StringComparison.Ordinal) + 2)..].Split(' ');
        string[] ranked = [.. words.CountBy(word => word).OrderByDescending(count => count.Value).Select(count => count.Key)];
        Assert.Equal("...", ranked[0]);
        Assert.Equal(row.Answers, ranked[1..4]);
    }

    [Fact]
    public void Facts_of_one_hop_name_the_person_once_and_those_of_two_hops_need_the_town()
    {
        DataRow one = Create("qa_1", Length, 1)[0], two = Create("qa_2", Length, 1)[0];
        Assert.True(Count(one.Context, "Document ") > 5);
        string person = System.Text.RegularExpressions.Regex.Match(two.Question, @"where (.+) lives\?").Groups[1].Value;
        string[] documents = two.Context.Split("\n\n");
        string who = Assert.Single(documents, document => document.Contains(person, StringComparison.Ordinal));
        Assert.DoesNotContain(two.Answers[0], who, StringComparison.Ordinal);
        string town = System.Text.RegularExpressions.Regex.Match(who, @"lives in ([^.]+)\.").Groups[1].Value;
        string where = Assert.Single(documents, document => document.Contains($"{town} is a town", StringComparison.Ordinal));
        Assert.Contains($"the river {two.Answers[0]}.", where, StringComparison.Ordinal);
    }

    [Fact]
    public void No_word_of_the_lists_is_a_part_of_another()
    {
        IReadOnlyList<string> words = RulerLanguage.English.Words;
        Assert.Equal(words.Count, words.Distinct().Count());
        Assert.All(words, word => Assert.Single(words, other => other.Contains(word, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("niah_single_9", 4096, 1, "there is no RULER task 'niah_single_9'; there are: niah_single_1,")]
    [InlineData("vt", 300, 1, "a row of vt has")]
    [InlineData("vt", 4096, 0, "0 rows")]
    public void What_cannot_be_made_is_named(string task, int length, int samples, string words) =>
        Assert.Contains(words, Assert.Throws<WinnowException>(() => Create(task, length, samples)).Message, StringComparison.Ordinal);

    [Fact]
    public void Another_language_says_the_same_in_words_of_its_own()
    {
        DataRow row = Create(new RulerOptions { Tasks = ["niah_single_2"], Length = 2000, Samples = 1, Language = new Whistles() })[0];
        Assert.Contains("la la", row.Context, StringComparison.Ordinal);
        Assert.DoesNotContain("garden", row.Context, StringComparison.Ordinal);
    }

    private IReadOnlyList<DataRow> Create(RulerOptions options) => RulerTexts.Create(_tiny.Model.Tokenizer, options);

    private IReadOnlyList<DataRow> Create(string task, int length, int samples) =>
        Create(new RulerOptions { Tasks = [task], Length = length, Samples = samples, Seed = 3 });

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private sealed class Whistles : RulerLanguage
    {
        public override string Filler(Random random) => "la la.";
    }
}
