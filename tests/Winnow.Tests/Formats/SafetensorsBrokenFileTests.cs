using FsCheck;
using FsCheck.Fluent;
using Winnow.Formats;

namespace Winnow.Tests.Formats;

public sealed class SafetensorsBrokenFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}""", "'a' of shape [1] and dtype F32 does not fill its 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[4,16]}}""", "'a' lies at bytes 4 to 16 of 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}""", "'a' lies at bytes 8 to 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}""", "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}""", "lacks a dtype, a shape or a pair")]
    [InlineData("""{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", "no array")]
    [InlineData("""{"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", "not a text")]
    [InlineData("""{"a":{"shape":[1],"data_offsets":[0,4]}}""", "lacks a dtype")]
    [InlineData("""{"a":[]}""", "'a' is not a JSON object")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", "does not fill")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "'a' and 'b' share byte 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "'a' appears twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""", "not valid JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} {}""", "not valid JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("", "not valid JSON")]
    public void A_broken_head_gives_one_sentence(string head, string says)
    {
        string path = _folder.File("x.safetensors", TinySafetensors.File(head, 8));
        string message = Broken.Message(() => SafetensorsCheckpoint.Open(path));
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.Contains(says, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 }, "too few")]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 1 }, "claims 18446744073709551615 bytes")]
    [InlineData(new byte[] { 16, 0, 0, 0, 0, 0, 0, 0, 123, 125 }, "claims 16 bytes where 2 follow")]
    public void A_head_longer_than_the_file_is_refused(byte[] bytes, string says) =>
        Assert.Contains(says, Broken.Message(() => SafetensorsCheckpoint.Open(_folder.File("x.safetensors", bytes))), StringComparison.Ordinal);

    [Fact]
    public void A_head_padded_with_spaces_and_an_empty_tensor_are_accepted()
    {
        const string head = """{"e":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}     """;
        using SafetensorsCheckpoint model = SafetensorsCheckpoint.Open(_folder.File("x.safetensors", TinySafetensors.File(head, 4)));
        Assert.Equal(0, model.Get("e").Data.Length);
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        byte[] whole = TinySafetensors.File(TinySafetensors.TwoTensors, 32);
        for (int length = 1; length < whole.Length; length++)
            Broken.Message(() => SafetensorsCheckpoint.Open(_folder.File("cut.safetensors", whole.AsSpan(0, length))));
    }

    [Fact]
    public void A_file_with_flipped_bytes_opens_or_is_refused_cheaply()
    {
        byte[] whole = TinySafetensors.File(TinySafetensors.TwoTensors, 32);
        Gen<(int Position, byte Value)[]> flips = Gen.Choose(0, whole.Length - 33)
            .Zip(Gen.Elements([.. "\"{}[],:0919ae\\ \n"u8, (byte)0, (byte)128, (byte)255]))
            .Select(pair => (Position: pair.Item1, Value: pair.Item2)).NonEmptyListOf().Select(list => list.Take(6).ToArray());
        Prop.ForAll(flips.ToArbitrary(), changes =>
        {
            byte[] bytes = [.. whole];
            foreach ((int position, byte value) in changes)
                bytes[position] = value;
            string path = _folder.File("flipped.safetensors", bytes);
            Broken.Record(() => SafetensorsCheckpoint.Open(path).Dispose());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1500));
    }
}
