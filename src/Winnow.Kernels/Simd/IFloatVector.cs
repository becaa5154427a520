namespace Winnow.Kernels.Simd;

/// <summary>
/// A vector of floats whose width is a type argument. A kernel written over this interface is compiled once for each width, with every call inlined,
/// so 128, 256 and 512 bits need no three copies of it.
/// </summary>
internal unsafe interface IFloatVector<TSelf>
    where TSelf : unmanaged, IFloatVector<TSelf>
{
    static abstract int Count { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Splat(float value);

    static abstract TSelf Load(float* source);

    /// <summary>Loads IEEE halves. Infinities and NaNs come out as large finite numbers: caches hold neither.</summary>
    static abstract TSelf LoadHalf(ushort* source);

    static abstract TSelf LoadBrain(ushort* source);

    static abstract TSelf LoadSByte(sbyte* source);

    /// <summary>Loads codes of 4 bits, as 0 to 15, from as many neighbouring bytes: the low ones with a shift of 0, the high ones with a shift of 4.</summary>
    static abstract TSelf LoadNibbles(byte* source, int shift);

    static abstract void Store(TSelf value, float* destination);

    static abstract TSelf Add(TSelf left, TSelf right);

    static abstract TSelf Multiply(TSelf left, TSelf right);

    static abstract TSelf MultiplyAdd(TSelf left, TSelf right, TSelf addend);

    static abstract TSelf Max(TSelf left, TSelf right);

    static abstract float HorizontalSum(TSelf value);

    static abstract float HorizontalMax(TSelf value);

    /// <summary>e^x for x ≤ 0, zero below −87, with a relative error under 2e-7.</summary>
    static abstract TSelf ExpNonPositive(TSelf value);

    /// <summary>1 / (1 + e^−x), zero below −87, with a relative error under 5e-7.</summary>
    static abstract TSelf Sigmoid(TSelf value);

    /// <summary>Keeps elements whose position p satisfies low &lt; p ≤ high; the others become −∞.</summary>
    static abstract TSelf KeepWithin(TSelf value, int* positions, int low, int high);

    /// <summary>Keeps elements whose mask has the bit; the others become −∞.</summary>
    static abstract TSelf KeepWithBit(TSelf value, uint* masks, uint bit);
}
