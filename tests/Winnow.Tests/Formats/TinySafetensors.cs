using System.Buffers.Binary;
using System.Text;

namespace Winnow.Tests.Formats;

/// <summary>Small safetensors files from a head written by hand.</summary>
internal static class TinySafetensors
{
    public const string TwoTensors = """
        {"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]}}
        """;

    public static byte[] File(string head, int dataBytes)
    {
        byte[] text = Encoding.UTF8.GetBytes(head);
        byte[] bytes = new byte[8 + text.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, text.Length);
        text.CopyTo(bytes, 8);
        for (int i = 0; i < dataBytes; i++)
            bytes[8 + text.Length + i] = (byte)i;
        return bytes;
    }

    /// <summary>A file with one F32 tensor of one value.</summary>
    public static byte[] One(string name) => File($$$"""{"{{{name}}}":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4);
}
