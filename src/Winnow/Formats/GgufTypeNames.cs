using Winnow.Kernels.Blocks;

namespace Winnow.Formats;

/// <summary>Names of the tensor type ids that GGUF defines and the engine does not read, for messages.</summary>
internal static class GgufTypeNames
{
    /// <summary>What to do about a type that cannot be read.</summary>
    public static string Advice { get; } = $"use a file in one of {string.Join(", ", Enum.GetNames<TensorType>())}";

    /// <summary>The name in brackets with a space before it, or nothing for an id that has none.</summary>
    public static string Describe(uint typeId)
    {
        string? name = typeId switch
        {
            9 => "Q8_1",
            15 => "Q8_K",
            16 => "IQ2_XXS",
            17 => "IQ2_XS",
            18 => "IQ3_XXS",
            19 => "IQ1_S",
            21 => "IQ3_S",
            22 => "IQ2_S",
            23 => "IQ4_XS",
            24 => "I8",
            25 => "I16",
            26 => "I32",
            27 => "I64",
            28 => "F64",
            29 => "IQ1_M",
            34 => "TQ1_0",
            35 => "TQ2_0",
            39 => "MXFP4",
            _ => null,
        };
        return name is null ? "" : $" ({name})";
    }
}
