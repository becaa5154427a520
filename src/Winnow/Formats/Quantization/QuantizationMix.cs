using System.Globalization;
using Winnow.Kernels.Blocks;

namespace Winnow.Formats.Quantization;

/// <summary>
/// A named quantisation of a whole model, such as <c>Q4_K_M</c>: the type that each tensor gets, and the number by which GGUF files name the mix
/// (<c>general.file_type</c>). Names, numbers and choices are those that users of GGUF know.
/// </summary>
/// <remarks>
/// Only matrices are quantised; vectors become 32-bit floats and learned positions stay as they are. The LM head, or the embedding that serves as
/// one, weighs most on quality and is read with 6 or 8 bits in every mix below them.
/// </remarks>
public sealed class QuantizationMix
{
    private const string LayerPrefix = "blk.";

    private readonly TensorType _type;
    private readonly Func<Place, TensorType>? _better;

    private QuantizationMix(string name, int fileType, TensorType type, Func<Place, TensorType>? better = null)
    {
        Name = name;
        FileType = fileType;
        _type = type;
        _better = better;
    }

    /// <summary>All mixes.</summary>
    public static IReadOnlyList<QuantizationMix> All { get; } =
    [
        new("F32", 0, TensorType.F32),
        new("F16", 1, TensorType.F16),
        new("BF16", 32, TensorType.BF16),
        new("Q8_0", 7, TensorType.Q8_0),
        new("Q6_K", 18, TensorType.Q6_K),
        new("Q5_K_M", 17, TensorType.Q5_K, static place => Medium(place, TensorType.Q5_K, TensorType.Q6_K)),
        new("Q5_K_S", 16, TensorType.Q5_K),
        new("Q5_1", 9, TensorType.Q5_1),
        new("Q5_0", 8, TensorType.Q5_0),
        new("Q4_K_M", 15, TensorType.Q4_K, static place => Medium(place, TensorType.Q4_K, TensorType.Q5_K)),
        new("Q4_K_S", 14, TensorType.Q4_K, Small),
        new("Q4_1", 3, TensorType.Q4_1),
        new("Q4_0", 2, TensorType.Q4_0),
        new("IQ4_NL", 25, TensorType.IQ4_NL),
    ];

    /// <summary>Name as users write it.</summary>
    public string Name { get; }

    /// <summary>Value of <c>general.file_type</c>.</summary>
    public int FileType { get; }

    /// <summary>The mix of a name, in any case of letters.</summary>
    /// <exception cref="WinnowException">There is no such mix.</exception>
    public static QuantizationMix Parse(string name) =>
        All.FirstOrDefault(mix => mix.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new WinnowException($"there is no quantisation {InputFile.Quote(name)}; known are {string.Join(", ", All.Select(mix => mix.Name))}");

    /// <summary>The type of a tensor, without regard to whether its rows fill whole blocks.</summary>
    /// <param name="name">GGUF name, such as <c>blk.3.attn_v.weight</c>.</param>
    /// <param name="layers">Layers of the model.</param>
    /// <param name="tied">Whether the embedding is the LM head as well.</param>
    public TensorType TypeOf(string name, int layers, bool tied)
    {
        // Floats and 8 bits are one type throughout.
        if (TensorTypes.BlockLength(_type) == 1 || _type == TensorType.Q8_0)
            return _type;
        if (name == (tied ? "token_embd.weight" : "output.weight"))
            return TensorType.Q6_K;
        return LayerOf(name) is { } layer && _better is not null ? _better(new Place(name[(name.IndexOf('.', LayerPrefix.Length) + 1)..], layer, layers)) : _type;
    }

    /// <summary>
    /// The type itself, or the nearest one of small blocks when rows of <paramref name="columns"/> values do not fill super-blocks; f16 when they fill
    /// no blocks at all.
    /// </summary>
    public static TensorType Fitting(TensorType type, long columns)
    {
        if (columns % TensorTypes.BlockLength(type) == 0)
            return type;
        TensorType smaller = type switch
        {
            TensorType.Q4_K => TensorType.Q5_0,
            TensorType.Q5_K => TensorType.Q5_1,
            TensorType.Q6_K => TensorType.Q8_0,
            _ => TensorType.F16,
        };
        return columns % TensorTypes.BlockLength(smaller) == 0 ? smaller : TensorType.F16;
    }

    /// <summary>Index of the layer that a tensor belongs to, or null.</summary>
    internal static int? LayerOf(string name)
    {
        if (!name.StartsWith(LayerPrefix, StringComparison.Ordinal))
            return null;
        int end = name.IndexOf('.', LayerPrefix.Length);
        return end > 0 && int.TryParse(name.AsSpan(LayerPrefix.Length, end - LayerPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int layer)
            ? layer
            : null;
    }

    private static TensorType Medium(Place place, TensorType type, TensorType fused) => place.Piece switch
    {
        "attn_v.weight" or "ffn_down.weight" when place.IsSensitive => TensorType.Q6_K,
        "attn_qkv.weight" => fused,
        _ => type,
    };

    private static TensorType Small(Place place) => place.Piece switch
    {
        "attn_v.weight" when place.Layer < 4 => TensorType.Q5_K,
        "ffn_down.weight" when place.Layer < place.Layers / 8 => TensorType.Q5_K,
        _ => TensorType.Q4_K,
    };

    /// <summary>A tensor inside the layers.</summary>
    private readonly record struct Place(string Piece, int Layer, int Layers)
    {
        /// <summary>The first and the last eighth of the layers, and every third between.</summary>
        public bool IsSensitive
        {
            get
            {
                int eighth = Layers / 8;
                return Layer < eighth || Layer >= 7 * Layers / 8 || (Layer - eighth) % 3 == 2;
            }
        }
    }
}
