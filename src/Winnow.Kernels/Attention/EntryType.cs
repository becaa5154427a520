namespace Winnow.Kernels.Attention;

/// <summary>How a cached key or value is stored.</summary>
public enum EntryType
{
    /// <summary>16-bit floats, the default: half the bytes of 32-bit floats and no measurable loss.</summary>
    F16,

    /// <summary>32-bit floats.</summary>
    F32,

    /// <summary>Brain floats: the range of 32-bit floats with 8 bits of precision.</summary>
    BF16,

    /// <summary>Signed bytes with one 16-bit scale for 32 channels: 1.0625 bytes a channel.</summary>
    Q8_0,

    /// <summary>Codes of 4 bits, −8 to 7, with one 16-bit scale for 32 channels: 0.5625 bytes a channel.</summary>
    Q4_0,

    /// <summary>Codes of 4 bits, 0 to 15, with a 16-bit scale and a 16-bit minimum for 32 channels: 0.625 bytes a channel.</summary>
    Q4_1,
}
