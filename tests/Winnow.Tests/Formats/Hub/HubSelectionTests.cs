using Winnow.Formats.Hub;

namespace Winnow.Tests.Formats.Hub;

public sealed class HubSelectionTests
{
    private static readonly string[] Quantised = ["m-BF16.gguf", "m-F16.gguf", "m-Q4_K_S.gguf", "m-Q4_K_M.gguf", "m-Q8_0.gguf", "mmproj-F16.gguf", "README.md"];

    [Theory]
    [InlineData(null, "m-Q4_K_M.gguf")]
    [InlineData("q8_0", "m-Q8_0.gguf")]
    [InlineData("F16", "m-F16.gguf")]
    [InlineData("Q4_K_S", "m-Q4_K_S.gguf")]
    [InlineData("m-BF16.gguf", "m-BF16.gguf")]
    [InlineData("M-bf16", "m-BF16.gguf")]
    [InlineData("mmproj-F16.gguf", "mmproj-F16.gguf")]
    public void A_selector_picks_one_gguf_file(string? selector, string expected)
    {
        (IReadOnlyList<HubFile> files, string? model) = HubSelection.Select(new HubReference("o", "r", selector), List(Quantised));
        Assert.Equal(expected, model);
        Assert.Equal(expected, Assert.Single(files).Path);
    }

    [Fact]
    public void Without_a_usual_quantisation_the_choice_is_the_users()
    {
        WinnowException error = Assert.Throws<WinnowException>(() => HubSelection.Select(new HubReference("o", "r"), List("m-Q2_K.gguf", "m-Q6_K.gguf")));
        Assert.Contains("name one: m-Q2_K.gguf, m-Q6_K.gguf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quantisation_that_is_a_part_of_another_does_not_match()
    {
        WinnowException error = Assert.Throws<WinnowException>(() => HubSelection.Select(new HubReference("o", "r", "Q4_K"), List(Quantised)));
        Assert.Contains("no file or quantisation 'Q4_K'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_parts_of_a_split_model_are_fetched()
    {
        (IReadOnlyList<HubFile> files, string? model) = HubSelection.Select(
            new HubReference("o", "r", "Q8_0"), List("q/m-Q8_0-00001-of-00002.gguf", "q/m-Q8_0-00002-of-00002.gguf", "q/m-Q4_0-00001-of-00002.gguf"));
        Assert.Equal("q/m-Q8_0-00001-of-00002.gguf", model);
        Assert.Equal(["q/m-Q8_0-00001-of-00002.gguf", "q/m-Q8_0-00002-of-00002.gguf"], files.Select(file => file.Path));
    }

    [Theory]
    [InlineData("owner/repo", "owner/repo")]
    [InlineData("owner/repo@main", "owner/repo")]
    [InlineData("o-w.n_er/re.po:Q4_K_M", "o-w.n_er/re.po:Q4_K_M")]
    [InlineData("owner/repo@refs/pr/1:sub/file.gguf", "owner/repo@refs/pr/1:sub/file.gguf")]
    public void A_reference_is_read_and_written(string text, string written) => Assert.Equal(written, HubReference.Parse(text).ToString());

    [Theory]
    [InlineData("repo")]
    [InlineData("../repo")]
    [InlineData("owner/..")]
    [InlineData("a/b/c")]
    [InlineData("owner/repo:")]
    [InlineData("owner/repo:../x")]
    [InlineData("owner/repo@..")]
    [InlineData("owner/repo\n")]
    [InlineData("")]
    public void Another_text_is_refused(string text)
    {
        Assert.Null(HubReference.TryParse(text));
        Assert.Contains("write owner/repo", Assert.Throws<WinnowException>(() => HubReference.Parse(text)).Message, StringComparison.Ordinal);
    }

    private static HubFile[] List(params string[] paths) => [.. paths.Select(path => new HubFile(path, 1, null))];
}
