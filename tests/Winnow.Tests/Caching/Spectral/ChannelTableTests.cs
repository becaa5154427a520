using Winnow.Caching.Spectral;

namespace Winnow.Tests.Caching.Spectral;

public sealed class ChannelTableTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void What_is_written_is_read()
    {
        Table().Save(_path);
        ChannelTable read = ChannelTable.Load(_path);
        Assert.Equal((2, 2, 3, 5, false), (read.Layers, read.KvHeads, read.HeadDim, read.Frequencies, read.Rotated));
        Assert.Equal([0, 4], read.Keys[1].Compressed);
        Assert.Equal([1, 2, 3, 5], read.Keys[1].Kept);
        Assert.Equal([1], read.Keys[1].OfHead(1, 3, compressed: true));
        Assert.Equal([0.5f, 1, 1.5f, 2, 2.5f, 3], read.Values[0].Errors);
        // The number compressed up to and including each head.
        Assert.Contains("\"compressed_up_to_head\":[1,2]", File.ReadAllText(_path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "this is no channel file")]
    [InlineData("null", "holds no channels")]
    [InlineData("[1]", "this is no channel file")]
    [InlineData("{\"format\":\"other\"}", "'format' is 'other'")]
    [InlineData("{\"format\":\"winnow-fourier-channels\"}", "cannot be")]
    public void What_is_no_channel_file_is_refused(string text, string reason)
    {
        File.WriteAllText(_path, text);
        Assert.Contains(reason, Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"compressed\":[0,4]", "\"compressed\":[0,9]", "name channel 9; there are channels 0 to 5")]
    [InlineData("\"compressed\":[0,4]", "\"compressed\":[0,-1]", "name channel -1")]
    [InlineData("\"compressed\":[0,4]", "\"compressed\":[0,5]", "do not name each of 6 channels once")]
    [InlineData("\"compressed\":[0,4]", "\"compressed\":null", "a list is missing for the keys of layer 0")]
    [InlineData("\"compressed_up_to_head\":[1,2]", "\"compressed_up_to_head\":[2,2]", "counts up to each head")]
    [InlineData("\"layers\":2", "\"layers\":3", "2 and 2 lists for 3 layers")]
    [InlineData("0.5,1,", "0.5,", "5 errors for 6 channels")]
    [InlineData("\"head_dim\":3", "\"head_dim\":2", "name channel 4")]
    public void A_file_that_contradicts_itself_is_refused(string found, string replacement, string reason)
    {
        Table().Save(_path);
        string text = File.ReadAllText(_path);
        Assert.Contains(found, text, StringComparison.Ordinal);
        File.WriteAllText(_path, text.Replace(found, replacement, StringComparison.Ordinal));
        Assert.Contains(reason, Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        Table().Save(_path);
        byte[] whole = File.ReadAllBytes(_path);
        for (int length = 0; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(_path, whole[..length]);
            Assert.StartsWith(_path, Refusal(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Another_model_and_a_missing_file_are_refused()
    {
        using TinyLlamaFile file = new();
        using LanguageModel model = file.Load();
        Table().Save(_path);
        Winnow.Caching.ChosenPolicy policy = Winnow.Caching.PolicyCatalogue.Parse($"fourier:channels={_path}", Winnow.Caching.Budget.Parse("50%"));
        Assert.Contains(
            "2 layers of 2 KV heads with 3 channels and the model has 2 of 2 with 32",
            Assert.Throws<WinnowException>(() => model.CreateSequence(policy)).Message,
            StringComparison.Ordinal);
        Assert.Contains("cannot be read", Assert.Throws<WinnowException>(() => ChannelTable.Load(_path + ".none")).Message, StringComparison.Ordinal);
    }

    private static ChannelTable Table()
    {
        ChannelSet set = new(6, [0, 4], [0.5f, 1, 1.5f, 2, 2.5f, 3]);
        return new ChannelTable(2, 3, [set, set], [set, set]) { Frequencies = 5, Rotated = false };
    }

    private string Refusal() => Assert.Throws<WinnowException>(() => ChannelTable.Load(_path)).Message;
}
