using System.Text;

namespace Winnow.Cli.Tests;

/// <summary>Every kind of broken model file, through every command that opens one.</summary>
public sealed class BrokenFileTests : IDisposable
{
    private static readonly Dictionary<string, (string Name, byte[] Bytes)> Cases = new()
    {
        ["empty"] = ("m.gguf", []),
        ["three bytes"] = ("m.gguf", [.. "GGU"u8]),
        ["wrong magic"] = ("m.gguf", [.. "GGML"u8, .. new byte[60]]),
        ["text"] = ("m.txt", Encoding.UTF8.GetBytes("this is no model")),
        ["version 1"] = ("m.gguf", TinyGguf.Raw(0, 0, version: 1)),
        ["big-endian"] = ("m.gguf", TinyGguf.Raw(0, 0, version: 0x0300_0000)),
        ["absurd tensor count"] = ("m.gguf", TinyGguf.Raw(ulong.MaxValue, 0)),
        ["absurd key count"] = ("m.gguf", TinyGguf.Raw(0, ulong.MaxValue)),
        ["absurd string"] = ("m.gguf", Key("k", w => { w.Write(8u); w.Write(ulong.MaxValue); })),
        ["absurd array"] = ("m.gguf", Key("k", w => { w.Write(9u); w.Write(4u); w.Write(1UL << 61); })),
        ["doubled tensor"] = ("m.gguf", Two("t", "t", 32)),
        ["overlapping tensors"] = ("m.gguf", Two("t", "u", 0)),
        ["overflowing offset"] = ("m.gguf", One([1], ulong.MaxValue - 31)),
        ["overflowing shape"] = ("m.gguf", One([1UL << 40, 1UL << 40], 0)),
        ["data past the end"] = ("m.gguf", One([1 << 20], 0)),
        ["cut in the header"] = ("m.gguf", TinyGguf.Everything()[..500]),
        ["cut in the tensors"] = ("m.gguf", TinyGguf.Everything()[..^200]),
        ["safetensors with an absurd header"] = ("m.safetensors", [.. BitConverter.GetBytes(ulong.MaxValue), .. "{}"u8]),
        ["safetensors without JSON"] = ("m.safetensors", [.. BitConverter.GetBytes(4UL), .. "nope"u8]),
        ["safetensors cut"] = ("m.safetensors", [1, 2, 3]),
    };

    private readonly TempFolder _folder = new();

    public static TheoryData<string, string> Names
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string name in Cases.Keys)
            {
                foreach (string command in new[] { "run", "chat", "compare", "perplexity", "tokenize", "bench", "inspect" })
                    data.Add(name, command);
            }

            return data;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void A_broken_file_gives_one_line_and_exit_code_2(string name, string command)
    {
        string path = _folder.File(Cases[name].Name, Cases[name].Bytes);
        Assert.Contains(path, Cli.Run(command, "--model", path).Refusal(), StringComparison.Ordinal);
        Assert.Contains(path, Cli.Run(command, "--model", path, "--json").Refusal(), StringComparison.Ordinal);
    }

    private static byte[] One(ulong[] dims, ulong offset) =>
        TinyGguf.Raw(1, 0, w => { TinyGguf.Tensor(w, "t", dims, offset: offset); w.Write(new byte[256]); });

    private static byte[] Two(string first, string second, ulong offset) => TinyGguf.Raw(2, 0, w =>
    {
        TinyGguf.Tensor(w, first, [1]);
        TinyGguf.Tensor(w, second, [1], offset: offset);
        w.Write(new byte[256]);
    });

    private static byte[] Key(string key, Action<BinaryWriter> value) => TinyGguf.Raw(0, 1, w => { TinyGguf.Text(w, key); value(w); w.Write(new byte[64]); });
}
