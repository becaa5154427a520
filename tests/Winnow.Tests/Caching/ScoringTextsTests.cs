using Winnow.Caching;

namespace Winnow.Tests.Caching;

public sealed class ScoringTextsTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Blank_lines_set_texts_apart()
    {
        File.WriteAllText(_path, "\uFEFFWhat is the code?\r\nTell me.\n\n \nSummarise.\n");
        Assert.Equal(["What is the code?\nTell me.", "Summarise."], ScoringTexts.Read(_path));
    }

    [Fact]
    public void A_policy_takes_them_as_an_option()
    {
        File.WriteAllText(_path, "first\n\nsecond");
        Assert.Equal(["first", "second"], PolicyCatalogue.Parse($"kvcompose:prompts={_path}", Budget.Parse("50%")).Policy.Needs.ReplayTexts);
    }

    [Fact]
    public void A_file_without_text_is_refused()
    {
        File.WriteAllText(_path, "\n \n");
        Assert.Equal($"{_path}: the file holds no text; write one or more texts separated by blank lines", Refusal());
    }

    [Fact]
    public void A_file_that_is_not_text_is_refused()
    {
        File.WriteAllBytes(_path, [0x41, 0xff]);
        Assert.EndsWith("name a UTF-8 text file", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_too_long_is_refused_before_it_is_read()
    {
        File.WriteAllBytes(_path, new byte[(1 << 20) + 1]);
        Assert.Contains("has 1048577 bytes; at most 1048576", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_refused()
    {
        File.Delete(_path);
        Assert.StartsWith(_path + ": the scoring texts cannot be read", Refusal(), StringComparison.Ordinal);
    }

    private string Refusal() => Assert.Throws<WinnowException>(() => ScoringTexts.Read(_path)).Message;
}
