namespace Winnow.Kernels.Attention;

/// <summary>How a cached key or value is stored.</summary>
public enum EntryType
{
    /// <summary>32-bit floats.</summary>
    F32,

    /// <summary>16-bit floats, the default: half the bytes and no measurable loss.</summary>
    F16,

    /// <summary>Brain floats: the range of 32-bit floats with 8 bits of precision.</summary>
    BF16,

    /// <summary>Signed bytes with one 16-bit scale for 32 channels: 1.0625 bytes a channel.</summary>
    Q8_0,
}
