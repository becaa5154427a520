using Winnow.Kernels.Blocks;

namespace Winnow.Formats;

/// <summary>The dtype names of safetensors.</summary>
internal static class SafetensorsTypes
{
    /// <summary>The storage type of a dtype, or <see langword="null"/> for one that the engine does not compute with.</summary>
    public static TensorType? ToTensorType(string dtype) => dtype switch
    {
        "F32" => TensorType.F32,
        "F16" => TensorType.F16,
        "BF16" => TensorType.BF16,
        _ => null,
    };

    /// <summary>Bits of one value, or <see langword="null"/> for a dtype that is not known here.</summary>
    public static int? Bits(string dtype) => dtype switch
    {
        "F4" => 4,
        "F6_E2M3" or "F6_E3M2" => 6,
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" or "F8_E8M0" => 8,
        "I16" or "U16" or "F16" or "BF16" => 16,
        "I32" or "U32" or "F32" => 32,
        "I64" or "U64" or "F64" or "C64" => 64,
        _ => null,
    };
}
