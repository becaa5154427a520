using Winnow.Kernels.Attention;

namespace Winnow.Kernels.Tests.Attention;

public sealed class EntryTypesTests
{
    [Theory]
    [InlineData("f16", EntryType.F16, EntryType.F16)]
    [InlineData("Q8_0", EntryType.Q8_0, EntryType.Q8_0)]
    [InlineData("q8_0:q4_0", EntryType.Q8_0, EntryType.Q4_0)]
    [InlineData("bf16:q4_1", EntryType.BF16, EntryType.Q4_1)]
    public void Names_are_read_and_written(string text, EntryType keys, EntryType values)
    {
        Assert.True(EntryTypes.TryParse(text, out EntryTypes types));
        Assert.Equal(new EntryTypes(keys, values), types);
        Assert.Equal(text.ToLowerInvariant(), types.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("q3")]
    [InlineData("q8_0:")]
    [InlineData(":q8_0")]
    [InlineData("q8_0:q4_0:q4_0")]
    [InlineData("1")]
    public void Other_texts_name_no_types(string text) => Assert.False(EntryTypes.TryParse(text, out _));

    [Fact]
    public void One_type_stands_for_keys_and_values() => Assert.Equal(new EntryTypes(EntryType.Q4_1, EntryType.Q4_1), EntryType.Q4_1);

    [Fact]
    public void The_default_is_f16() => Assert.Equal(EntryType.F16, default(EntryTypes));

    [Theory]
    [InlineData("f32:bf16", false)]
    [InlineData("f16:q4_0", true)]
    [InlineData("q8_0:f16", true)]
    public void Codes_on_either_side_make_a_cache_quantised(string text, bool quantised)
    {
        Assert.True(EntryTypes.TryParse(text, out EntryTypes types));
        Assert.Equal(quantised, types.IsQuantised);
    }
}
