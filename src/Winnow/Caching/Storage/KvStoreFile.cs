using Winnow.Kernels.Attention;

namespace Winnow.Caching.Storage;

/// <summary>A store as a stream of bytes: entries with their positions and fields, exactly as stored.</summary>
internal static class KvStoreFile
{
    private const uint Magic = 0x32564B57; // "WKV2"
    private const int MostEntries = 1 << 26;

    public static void Write(KvStore store, Stream stream)
    {
        using BinaryWriter writer = new(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        writer.Write(Magic);
        foreach (int number in Describe(store.Layout))
            writer.Write(number);
        writer.Write(store.Position);
        writer.Write(store.PromptLength);
        writer.Write(store.IrreversibleBefore);
        foreach (Lane lane in store.Lanes)
            lane.Write(writer);
    }

    /// <summary>Fills an empty store.</summary>
    /// <exception cref="WinnowException">The stream is no store, is truncated, or was written for another model, cache type or policy.</exception>
    public static void Read(KvStore store, Stream stream)
    {
        using BinaryReader reader = new(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        try
        {
            if (reader.ReadUInt32() != Magic)
                throw new WinnowException("the stream does not hold an exported sequence: it does not start with WKV2");
            foreach (int expected in Describe(store.Layout))
            {
                int found = reader.ReadInt32();
                if (found != expected)
                    throw new WinnowException(
                        $"the exported sequence was made with another model, cache type or policy: a size is {found} instead of {expected}");
            }

            int position = reader.ReadInt32();
            int promptLength = reader.ReadInt32();
            int irreversible = reader.ReadInt32();
            if (position < 0 || promptLength < 0 || irreversible < 0 || irreversible > position)
                throw new WinnowException($"the exported sequence is broken: positions {position}, {promptLength} and {irreversible}");
            foreach (Lane lane in store.Lanes)
            {
                int length = reader.ReadInt32();
                if (length < 0 || length > Math.Min(position, MostEntries))
                    throw new WinnowException($"the exported sequence is broken: a lane of {length} entries in a text of {position} tokens");
                RequireRemaining(stream, (long)KvLayout.PagesFor(length) * store.Layout.Format.PayloadBytes);
                lane.Read(reader, length);
            }

            store.Restore(position, promptLength, irreversible);
        }
        catch (EndOfStreamException)
        {
            throw new WinnowException("the exported sequence is truncated: the stream ends before its last lane");
        }
    }

    private static int[] Describe(KvLayout layout)
    {
        PageFormat format = layout.Format;
        return
        [
            layout.Layers, layout.KvHeads, format.HeadDim, (int)format.Types.Keys, (int)format.Types.Values,
            (int)layout.Fields, layout.ScoreChannels, PageFormat.Entries,
        ];
    }

    private static void RequireRemaining(Stream stream, long bytes)
    {
        if (stream.CanSeek && stream.Length - stream.Position < bytes)
            throw new EndOfStreamException();
    }
}
