namespace Winnow.Kernels.Blocks;

/// <summary>Storage type of a tensor. The values are those of the GGUF file format, so a type id read from a file casts directly.</summary>
public enum TensorType
{
    /// <summary>32-bit IEEE float.</summary>
    F32 = 0,

    /// <summary>16-bit IEEE float.</summary>
    F16 = 1,

    /// <summary>32 values: one f16 scale, 4-bit codes offset by 8 (18 bytes).</summary>
    Q4_0 = 2,

    /// <summary>32 values: f16 scale and minimum, 4-bit codes (20 bytes).</summary>
    Q4_1 = 3,

    /// <summary>32 values: one f16 scale, 5-bit codes offset by 16 (22 bytes).</summary>
    Q5_0 = 6,

    /// <summary>32 values: f16 scale and minimum, 5-bit codes (24 bytes).</summary>
    Q5_1 = 7,

    /// <summary>32 values: one f16 scale, signed 8-bit codes (34 bytes).</summary>
    Q8_0 = 8,

    /// <summary>256 values: 16 sub-blocks with 4-bit scales and minima, 2-bit codes (84 bytes).</summary>
    Q2_K = 10,

    /// <summary>256 values: 16 sub-blocks with 6-bit scales, 3-bit codes (110 bytes).</summary>
    Q3_K = 11,

    /// <summary>256 values: 8 sub-blocks with 6-bit scales and minima, 4-bit codes (144 bytes).</summary>
    Q4_K = 12,

    /// <summary>256 values: 8 sub-blocks with 6-bit scales and minima, 5-bit codes (176 bytes).</summary>
    Q5_K = 13,

    /// <summary>256 values: 16 sub-blocks with 8-bit scales, 6-bit codes (210 bytes).</summary>
    Q6_K = 14,

    /// <summary>32 values: one f16 scale, 4-bit indices into a non-linear table (18 bytes).</summary>
    IQ4_NL = 20,

    /// <summary>16-bit brain float: the upper half of a 32-bit float.</summary>
    BF16 = 30,
}
