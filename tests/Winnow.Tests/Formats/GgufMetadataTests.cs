using Winnow.Formats;

namespace Winnow.Tests.Formats;

public sealed class GgufMetadataTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly GgufFile _file;

    public GgufMetadataTests() => _file = GgufFile.Open(_folder.File("x.gguf", TinyGguf.Everything()));

    public static TheoryData<string> Keys => [.. TinyGguf.EveryValue.Keys];

    public void Dispose()
    {
        _file.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void A_value_of_every_type_comes_back_as_it_was_written(string key)
    {
        object value = _file.Metadata.GetValue(key);
        Assert.Equal(TinyGguf.EveryValue[key].GetType(), value.GetType());
        Assert.Equal(TinyGguf.EveryValue[key], value);
    }

    [Fact]
    public void Keys_keep_the_order_of_the_file() => Assert.Equal(TinyGguf.EveryValue.Keys, _file.Metadata.Keys);

    [Theory]
    [InlineData("u8", 200)]
    [InlineData("i8", -100)]
    [InlineData("u16", 60000)]
    [InlineData("i16", -30000)]
    [InlineData("u32", 4_000_000_000)]
    [InlineData("i32", -2_000_000_000)]
    [InlineData("i64", long.MinValue)]
    public void Integers_of_every_width_read_as_integer_and_as_number(string key, long expected)
    {
        Assert.Equal(expected, _file.Metadata.GetInteger(key));
        Assert.Equal(expected, _file.Metadata.GetNumber(key));
    }

    [Fact]
    public void Number_arrays_of_every_type_widen()
    {
        Assert.Equal([-1L, 127L], _file.Metadata.GetIntegers("a.i8"));
        Assert.Equal([1L, uint.MaxValue], _file.Metadata.GetIntegers("a.u32"));
        Assert.Equal([0.25, -1e30f], _file.Metadata.GetNumbers("a.f32"));
        Assert.Equal([1.0, 255.0], _file.Metadata.GetNumbers("a.u8"));
        Assert.Equal([true, false, true], _file.Metadata.GetBools("a.bool"));
        Assert.Equal(["a", "", "çé"], _file.Metadata.GetStrings("a.text"));
        Assert.Equal((GgufValueType.Int16, 2), _file.Metadata.ArrayTypeOf("a.i16"));
    }

    [Fact]
    public void An_integer_above_the_signed_range_is_refused_and_readable_as_a_number()
    {
        Assert.Contains("'u64'", Broken.Message(() => _file.Metadata.GetInteger("u64")), StringComparison.Ordinal);
        Assert.Equal(ulong.MaxValue, _file.Metadata.GetNumber("u64"));
    }

    [Fact]
    public void A_value_of_another_type_is_refused_with_both_types()
    {
        string message = Broken.Message(() => _file.Metadata.GetInteger("text"));
        Assert.Contains("x.gguf", message, StringComparison.Ordinal);
        Assert.Contains("'text' is String where an integer", message, StringComparison.Ordinal);
        Assert.Contains("an array of Int32", Broken.Message(() => _file.Metadata.GetStrings("a.i32")), StringComparison.Ordinal);
        Assert.Contains("Bool", Broken.Message(() => _file.Metadata.GetStrings("yes")), StringComparison.Ordinal);
        Assert.Contains("Float32", Broken.Message(() => _file.Metadata.GetBool("f32")), StringComparison.Ordinal);
        Assert.Contains("Float32", Broken.Message(() => _file.Metadata.TryGetInteger("f32", out _)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_key_is_named_or_replaced()
    {
        Assert.Contains("'none'", Broken.Message(() => _file.Metadata.GetString("none")), StringComparison.Ordinal);
        Assert.False(_file.Metadata.TryGetStrings("none", out _));
        Assert.Equal(7, _file.Metadata.GetIntegerOrDefault("none", 7));
        Assert.Equal(0.5, _file.Metadata.GetNumberOrDefault("none", 0.5));
        Assert.True(_file.Metadata.GetBoolOrDefault("none", true));
        Assert.Null(_file.Metadata.GetStringOrDefault("none"));
        Assert.Equal("llama", _file.Metadata.GetStringOrDefault("general.architecture"));
    }
}
