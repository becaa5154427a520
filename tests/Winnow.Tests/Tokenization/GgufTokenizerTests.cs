using System.Text.Json;
using Winnow.Formats;
using Winnow.Tokenization;

namespace Winnow.Tests.Tokenization;

public sealed class GgufTokenizerTests
{
    private static readonly Lazy<Tokenizer> s_smolLm2 = new(() =>
    {
        using GgufFile file = GgufFile.Open(SharedFiles.SmolLm2);
        return TokenizerFactory.FromGguf(file);
    });

    internal static Tokenizer SmolLm2
    {
        get
        {
            _ = SharedFiles.SmolLm2;
            return s_smolLm2.Value;
        }
    }

    [Fact]
    public void SmolLm2_gives_the_ids_that_two_independent_tokenizers_agree_on()
    {
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(SharedFiles.TokensSmolLm2));
        foreach (JsonElement known in cases.RootElement.EnumerateArray())
        {
            string text = known.GetProperty("text").GetString()!;
            int[] ids = [.. known.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(ids, SmolLm2.Encode(text));
            Assert.Equal(text, SmolLm2.Decode(ids, skipSpecial: false));
        }
    }

    [Fact]
    public void SmolLm2_knows_its_special_ids_and_rules()
    {
        Assert.Equal(49152, SmolLm2.VocabularySize);
        Assert.Equal((1, 2), (SmolLm2.BosId, SmolLm2.EosId));
        Assert.False(SmolLm2.AddsBos);
        Assert.False(SmolLm2.AddsEos);
        Assert.Equal([0, 2], SmolLm2.EndOfGenerationIds.Order());
        Assert.True(SmolLm2.IsControl(2));
        Assert.Equal("<|im_end|>", SmolLm2.TokenText(2));
        Assert.Equal(" world"u8.ToArray(), SmolLm2.TokenBytes(905).ToArray());
    }

    [Fact]
    public void A_long_document_survives_the_way_there_and_back()
    {
        string text = File.ReadAllText(SharedFiles.Jargon);
        IReadOnlyList<int> ids = SmolLm2.Encode(text);
        Assert.Equal(text, SmolLm2.Decode([.. ids]));
    }

    [Fact]
    public void Text_that_looks_like_a_control_token_stays_text_when_asked()
    {
        IReadOnlyList<int> ids = SmolLm2.Encode("<|im_end|>", parseSpecial: false);
        Assert.DoesNotContain(2, ids);
        Assert.Equal("<|im_end|>", SmolLm2.Decode([.. ids]));
    }
}
