using FsCheck;
using FsCheck.Fluent;
using Winnow.Formats;

namespace Winnow.Tests.Formats;

public sealed class GgufBrokenFileTests : IDisposable
{
    private static readonly Dictionary<string, (byte[] Bytes, string Says)> Cases = new()
    {
        ["wrong magic"] = ([.. "GGML"u8, .. new byte[60]], "does not begin with 'GGUF'"),
        ["three bytes"] = ([.. "GGU"u8], "does not begin with 'GGUF'"),
        ["version 1"] = (TinyGguf.Raw(0, 0, version: 1), "GGUF version 1"),
        ["version 4"] = (TinyGguf.Raw(0, 0, version: 4), "GGUF version 4"),
        ["big-endian"] = (TinyGguf.Raw(0, 0, version: 0x0300_0000), "big-endian (version 3)"),
        ["absurd tensor count"] = (TinyGguf.Raw(ulong.MaxValue, 0), "the tensor count claims 18446744073709551615"),
        ["absurd key count"] = (TinyGguf.Raw(0, 1UL << 62), "the metadata count claims 4611686018427387904"),
        ["absurd key length"] = (TinyGguf.Raw(0, 1, w => Fill(w, ulong.MaxValue)), "a metadata key claims"),
        ["key of 70,000 bytes"] = (TinyGguf.Raw(0, 1, w => Fill(w, 70_000, 80_000)), "name of 70000 bytes"),
        ["unknown value type"] = (Key("k", w => w.Write(13u)), "'k' has value type 13"),
        ["absurd string"] = (Key("k", w => { w.Write(8u); w.Write(1UL << 40); }), "'k' claims 1099511627776"),
        ["absurd array"] = (Key("k", w => { w.Write(9u); w.Write(4u); w.Write(1UL << 61); }), "'k' claims 2305843009213693952"),
        ["array of endless empty texts"] = (Key("k", w => { w.Write(9u); w.Write(8u); w.Write(5_000_000UL); w.Write(new byte[40_000_000]); }), "to 5000000 (at most 4194304)"),
        ["boolean of 2"] = (Key("k", w => { w.Write(7u); w.Write((byte)2); }), "boolean of 2"),
        ["arrays without end"] = (Key("k", Nest), "more than 8 deep"),
        ["doubled key"] = (TinyGguf.Raw(0, 2, w => { Pair(w, "k", 1); Pair(w, "k", 1); }), "'k' appears twice"),
        ["alignment 0"] = (TinyGguf.Raw(0, 1, w => Pair(w, "general.alignment", 0)), "is 0 where a power of two"),
        ["alignment 24"] = (TinyGguf.Raw(0, 1, w => Pair(w, "general.alignment", 24)), "is 24 where a power of two"),
        ["alignment as text"] = (Key("general.alignment", w => { w.Write(8u); TinyGguf.Text(w, "32"); }), "is String where an integer"),
        ["dimension 0"] = (One("t", [0]), "'t' has a dimension of 0"),
        ["dimension -1"] = (One("t", [ulong.MaxValue]), "'t' has a dimension of -1"),
        ["dimensions that overflow"] = (One("t", [1UL << 40, 1UL << 40]), "more than any memory"),
        ["five dimensions"] = (One("t", [1, 1, 1, 1, 1]), "5 dimensions"),
        ["row that fills no block"] = (One("t", [33], type: 2), "rows of 33 values"),
        ["removed tensor type"] = (One("t", [32], type: 4), "type id 4,"),
        ["tensor type not read here"] = (One("t", [256], type: 23), "type id 23 (IQ4_XS)"),
        ["offset past the end"] = (One("t", [1], offset: 1 << 20), "reach past the end"),
        ["offset that overflows"] = (One("t", [1], offset: ulong.MaxValue - 31), "reach past the end"),
        ["offset off the grid"] = (One("t", [1], offset: 4), "not a multiple of the alignment 32"),
        ["data longer than the file"] = (One("t", [1 << 20]), "reach past the end"),
        ["doubled tensor"] = (Two("t", "t", 32), "'t' appears twice"),
        ["overlapping tensors"] = (Two("t", "u", 0), "'t' and 'u' share bytes"),
        ["name that would break the line"] = (One("a\nb", [0]), "'a?b'"),
    };

    private readonly TempFolder _folder = new();

    public static TheoryData<string> Names => [.. Cases.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void A_broken_file_gives_one_sentence_with_file_and_value(string name)
    {
        string path = _folder.File("broken.gguf", Cases[name].Bytes);
        string message = Broken.Message(() => GgufFile.Open(path));
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.Contains(Cases[name].Says, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        byte[] whole = TinyGguf.Everything();
        int data = whole.Length - 30;
        for (int length = 1; length < data; length += length < 4000 ? 1 : 97)
        {
            string path = _folder.File("cut.gguf", whole.AsSpan(0, length));
            Broken.Message(() => GgufFile.Open(path));
        }
    }

    [Fact]
    public void A_file_with_flipped_bytes_opens_or_is_refused_cheaply()
    {
        byte[] whole = TinyGguf.Everything();
        Gen<(int Position, byte Value)[]> flips = Gen.Choose(4, 2600).Zip(Gen.Elements<byte>(0, 1, 7, 8, 9, 127, 128, 255))
            .Select(pair => (Position: pair.Item1, Value: pair.Item2)).NonEmptyListOf().Select(list => list.Take(8).ToArray());
        Prop.ForAll(flips.ToArbitrary(), changes =>
        {
            byte[] bytes = [.. whole];
            foreach ((int position, byte value) in changes)
                bytes[position] = value;
            string path = _folder.File("flipped.gguf", bytes);
            Broken.Record(() => ReadAll(path));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1500));
    }

    private static void ReadAll(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        foreach (string key in file.Metadata.Keys)
            file.Metadata.GetValue(key);
        foreach (TensorInfo tensor in file.Tensors.Values)
            Assert.InRange(tensor.Data.AsSpan((int)tensor.Data.Length - 1, 1)[0], 0, 255);
    }

    private static byte[] One(string name, ulong[] dims, uint type = 0, ulong offset = 0) =>
        TinyGguf.Raw(1, 0, w => { TinyGguf.Tensor(w, name, dims, type, offset); w.Write(new byte[256]); });

    private static byte[] Two(string first, string second, ulong offset) => TinyGguf.Raw(2, 0, w =>
    {
        TinyGguf.Tensor(w, first, [1]);
        TinyGguf.Tensor(w, second, [1], offset: offset);
        w.Write(new byte[256]);
    });

    private static byte[] Key(string key, Action<BinaryWriter> value) => TinyGguf.Raw(0, 1, w => { TinyGguf.Text(w, key); value(w); w.Write(new byte[64]); });

    private static void Pair(BinaryWriter writer, string key, uint value)
    {
        TinyGguf.Text(writer, key);
        writer.Write(4u);
        writer.Write(value);
    }

    private static void Fill(BinaryWriter writer, ulong length, int bytes = 64)
    {
        writer.Write(length);
        writer.Write(new byte[bytes]);
    }

    private static void Nest(BinaryWriter writer)
    {
        writer.Write(9u);
        for (int i = 0; i < 100; i++)
        {
            writer.Write(9u);
            writer.Write(1UL);
        }
    }
}
