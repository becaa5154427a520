using System.Text;
using Winnow.Formats;
using Winnow.Kernels.Blocks;

namespace Winnow.Tests.Formats;

/// <summary>Small GGUF files: valid ones through the writer, broken ones byte by byte.</summary>
internal static class TinyGguf
{
    /// <summary>A valid file with one value of every metadata type, nested arrays and a tensor of every type.</summary>
    public static byte[] Everything()
    {
        GgufWriter writer = new();
        foreach ((string key, object value) in EveryValue)
            writer.Add(key, value);
        foreach (TensorType type in Enum.GetValues<TensorType>())
            writer.AddTensor($"t.{type}", type, [2, 256], TensorBytes(type));
        using MemoryStream stream = new();
        writer.Write(stream);
        return stream.ToArray();
    }

    public static IReadOnlyDictionary<string, object> EveryValue { get; } = new Dictionary<string, object>
    {
        ["general.architecture"] = "llama",
        ["u8"] = (byte)200,
        ["i8"] = (sbyte)-100,
        ["u16"] = (ushort)60000,
        ["i16"] = (short)-30000,
        ["u32"] = 4_000_000_000u,
        ["i32"] = -2_000_000_000,
        ["f32"] = 1.5f,
        ["yes"] = true,
        ["text"] = "naïve — 日本語 🎉",
        ["empty"] = "",
        ["u64"] = ulong.MaxValue,
        ["i64"] = long.MinValue,
        ["f64"] = Math.PI,
        ["a.u8"] = new byte[] { 1, 255 },
        ["a.i8"] = new sbyte[] { -1, 127 },
        ["a.u16"] = new ushort[] { 1, 65535 },
        ["a.i16"] = new short[] { -1, 32767 },
        ["a.u32"] = new uint[] { 1, uint.MaxValue },
        ["a.i32"] = new[] { -1, int.MaxValue },
        ["a.f32"] = new[] { 0.25f, -1e30f },
        ["a.bool"] = new[] { true, false, true },
        ["a.text"] = new[] { "a", "", "çé" },
        ["a.u64"] = new ulong[] { 1, 1UL << 62 },
        ["a.i64"] = new[] { -1, long.MaxValue },
        ["a.f64"] = new[] { 0.1, double.MaxValue },
        ["a.none"] = Array.Empty<int>(),
        ["nested"] = new object[] { new[] { 1, 2 }, new object[] { new[] { "x" }, Array.Empty<byte>() } },
    };

    public static byte[] TensorBytes(TensorType type)
    {
        byte[] bytes = new byte[2 * TensorTypes.RowBytes(type, 256)];
        new Random((int)type).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Magic, version and the two counts, then whatever <paramref name="rest"/> writes.</summary>
    public static byte[] Raw(ulong tensors, ulong keys, Action<BinaryWriter>? rest = null, uint version = 3)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write("GGUF"u8);
        writer.Write(version);
        writer.Write(tensors);
        writer.Write(keys);
        rest?.Invoke(writer);
        return stream.ToArray();
    }

    public static void Text(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    /// <summary>One tensor description.</summary>
    public static void Tensor(BinaryWriter writer, string name, ulong[] dims, uint type = 0, ulong offset = 0)
    {
        Text(writer, name);
        writer.Write((uint)dims.Length);
        foreach (ulong dim in dims)
            writer.Write(dim);
        writer.Write(type);
        writer.Write(offset);
    }
}
