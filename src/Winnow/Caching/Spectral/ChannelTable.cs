using System.Text.Json;
using System.Text.Json.Serialization;
using Winnow.Models;

namespace Winnow.Caching.Spectral;

/// <summary>
/// The channel sets of a model, as <c>winnow calibrate fourier</c> writes them: JSON with the lists of compressed and kept channels of each layer's keys and
/// values, the number compressed up to and including each KV head, and, for quotas chosen later, the error of every channel.
/// </summary>
public sealed class ChannelTable
{
    private const string FormatName = "winnow-fourier-channels";
    private const long MostBytes = 64 << 20;

    /// <summary>Takes the sets of a model.</summary>
    /// <param name="kvHeads">KV heads of a layer.</param>
    /// <param name="headDim">Channels of a head.</param>
    /// <param name="keys">A set for each layer.</param>
    /// <param name="values">A set for each layer.</param>
    public ChannelTable(int kvHeads, int headDim, IReadOnlyList<ChannelSet> keys, IReadOnlyList<ChannelSet> values)
    {
        if (keys.Count != values.Count || keys.Concat(values).Any(set => set.Channels != kvHeads * headDim))
        {
            throw new ArgumentException(
                $"{keys.Count} sets of keys and {values.Count} of values are not layers of {kvHeads} × {headDim} channels", nameof(keys));
        }

        (KvHeads, HeadDim, Keys, Values) = (kvHeads, headDim, keys, values);
    }

    /// <summary>Layers.</summary>
    public int Layers => Keys.Count;

    /// <summary>KV heads of a layer.</summary>
    public int KvHeads { get; }

    /// <summary>Channels of a head.</summary>
    public int HeadDim { get; }

    /// <summary>Keys of each layer.</summary>
    public IReadOnlyList<ChannelSet> Keys { get; }

    /// <summary>Values of each layer.</summary>
    public IReadOnlyList<ChannelSet> Values { get; }

    /// <summary>Whether the errors were measured on rotated keys, as the cache stores them.</summary>
    public bool Rotated { get; init; } = true;

    /// <summary>k of the measurement.</summary>
    public int Frequencies { get; init; } = 1;

    /// <summary>Whether every channel's error is known, so that other quotas can be met.</summary>
    public bool HasErrors => Keys.Concat(Values).All(set => set.Errors.Count > 0);

    /// <summary>Refuses a model that the table was not made for.</summary>
    /// <exception cref="WinnowException">Layers, heads or channels differ.</exception>
    public void Require(ModelConfig model)
    {
        if ((Layers, KvHeads, HeadDim) != (model.Layers, model.KvHeads, model.HeadDim))
        {
            throw new WinnowException(
                $"the channel file is for {Layers} layers of {KvHeads} KV heads with {HeadDim} channels and the model has {model.Layers} of {model.KvHeads} "
                + $"with {model.HeadDim}; run 'winnow calibrate fourier' with this model");
        }
    }

    /// <summary>Reads a table.</summary>
    /// <exception cref="WinnowException">The file cannot be read, is no channel file, or contradicts itself.</exception>
    public static ChannelTable Load(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MostBytes)
                throw new WinnowException($"{path}: a channel file of more than {MostBytes >> 20} MiB is none; give what 'winnow calibrate fourier' wrote");
            Document document = JsonSerializer.Deserialize(File.ReadAllBytes(path), ChannelTableJson.Default.Document)
                ?? throw new WinnowException($"{path}: the file holds no channels");
            return FromDocument(path, document);
        }
        catch (JsonException error)
        {
            throw new WinnowException($"{path}: this is no channel file: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new WinnowException($"{path}: the channels cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Writes the table.</summary>
    /// <exception cref="WinnowException">The file cannot be written.</exception>
    public void Save(string path)
    {
        Document document = new()
        {
            Format = FormatName, Layers = Layers, KvHeads = KvHeads, HeadDim = HeadDim, Rotated = Rotated, Frequencies = Frequencies,
            Keys = [.. Keys.Select(ToLists)], Values = [.. Values.Select(ToLists)],
        };
        try
        {
            File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(document, ChannelTableJson.Default.Document));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new WinnowException($"{path}: the channels cannot be written: {error.Message}", error);
        }
    }

    private Lists ToLists(ChannelSet set)
    {
        int compressed = 0;
        return new Lists
        {
            Compressed = [.. set.Compressed],
            Kept = [.. set.Kept],
            CompressedUpToHead = [.. Enumerable.Range(0, KvHeads).Select(head => compressed += set.OfHead(head, HeadDim, compressed: true).Length)],
            Errors = [.. set.Errors],
        };
    }

    private static ChannelTable FromDocument(string path, Document document)
    {
        if (document.Format != FormatName)
            throw new WinnowException($"{path}: 'format' is '{document.Format}' instead of '{FormatName}'; give what 'winnow calibrate fourier' wrote");
        if (document is not { Layers: >= 1, KvHeads: >= 1 and <= 4096, HeadDim: >= 1 and <= 1024, Frequencies: >= 1 })
        {
            throw new WinnowException(
                $"{path}: {document.Layers} layers of {document.KvHeads} heads with {document.HeadDim} channels and {document.Frequencies} frequencies "
                + "cannot be");
        }

        if (document.Keys.Length != document.Layers || document.Values.Length != document.Layers)
            throw new WinnowException($"{path}: there are {document.Keys.Length} and {document.Values.Length} lists for {document.Layers} layers");
        ChannelSet[] keys = [.. document.Keys.Select((lists, layer) => ToSet(path, $"the keys of layer {layer}", document, lists))];
        ChannelSet[] values = [.. document.Values.Select((lists, layer) => ToSet(path, $"the values of layer {layer}", document, lists))];
        return new ChannelTable(document.KvHeads, document.HeadDim, keys, values)
        {
            Rotated = document.Rotated, Frequencies = document.Frequencies,
        };
    }

    private static ChannelSet ToSet(string path, string what, Document document, Lists? lists)
    {
        int channels = document.KvHeads * document.HeadDim;
        if (lists is not { Compressed: not null, Kept: not null, CompressedUpToHead: not null, Errors: not null })
            throw new WinnowException($"{path}: a list is missing for {what}");
        foreach (int channel in lists.Compressed.Concat(lists.Kept))
        {
            if ((uint)channel >= (uint)channels)
                throw new WinnowException($"{path}: {what} name channel {channel}; there are channels 0 to {channels - 1}");
        }

        if (!lists.Compressed.Concat(lists.Kept).Order().SequenceEqual(Enumerable.Range(0, channels)))
            throw new WinnowException($"{path}: {what} do not name each of {channels} channels once, compressed or kept");
        if (lists.Errors.Length != 0 && lists.Errors.Length != channels)
            throw new WinnowException($"{path}: {what} have {lists.Errors.Length} errors for {channels} channels");
        ChannelSet set = new(channels, lists.Compressed, lists.Errors);
        int compressed = 0;
        IEnumerable<int> expected = Enumerable.Range(0, document.KvHeads).Select(head => compressed += set.OfHead(head, document.HeadDim, true).Length);
        if (!lists.CompressedUpToHead.SequenceEqual(expected))
            throw new WinnowException($"{path}: the counts up to each head of {what} do not fit the compressed channels");
        return set;
    }

    /// <summary>The file.</summary>
    internal sealed record Document
    {
        public string Format { get; init; } = "";

        public int Layers { get; init; }

        public int KvHeads { get; init; }

        public int HeadDim { get; init; }

        public bool Rotated { get; init; }

        public int Frequencies { get; init; }

        public Lists[] Keys { get; init; } = [];

        public Lists[] Values { get; init; } = [];
    }

    /// <summary>Channels of one layer's keys or values.</summary>
    internal sealed record Lists
    {
        public int[]? Compressed { get; init; }

        public int[]? Kept { get; init; }

        public int[]? CompressedUpToHead { get; init; }

        public float[]? Errors { get; init; } = [];
    }
}

/// <summary>Names of the file in snake case, as other JSON of the program.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ChannelTable.Document))]
internal sealed partial class ChannelTableJson : JsonSerializerContext;
