using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Winnow.Kernels.Simd;

/// <summary>Sixteen floats.</summary>
internal readonly unsafe struct FloatVector512(Vector512<float> value) : IFloatVector<FloatVector512>
{
    private readonly Vector512<float> _value = value;

    public static int Count => Vector512<float>.Count;

    public Vector512<float> Value => _value;

    public static FloatVector512 Zero => new(Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector512 Splat(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector512 LoadHalf(ushort* source)
    {
        // Sign-extend, move exponent and mantissa into place, then rescale by 2^112: the difference of the two exponent biases. Exact for subnormals too.
        Vector256<ushort> h = Vector256.Load(source);
        Vector512<int> wide = Widen(h.AsInt16()) << 13;
        Vector512<float> scaled = (wide & Vector512.Create(unchecked((int)0x8FFFE000))).AsSingle();
        return new(scaled * Vector512.Create(5.192296858534828e33f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector512 LoadBrain(ushort* source)
    {
        Vector256<ushort> h = Vector256.Load(source);
        return new((Widen(h.AsInt16()) << 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector512 LoadSByte(sbyte* source)
    {
        if (Avx512F.IsSupported)
            return new(Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(source))));
        Vector128<sbyte> b = Vector128.Load(source);
        Vector256<short> s = Vector256.Create(Vector128.WidenLower(b), Vector128.WidenUpper(b));
        return new(Vector512.ConvertToSingle(Widen(s)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector512 LoadNibbles(byte* source, int shift)
    {
        // Permuting a table looks at the low four bits of each index alone: no mask, and the conversion comes free.
        if (Avx512F.IsSupported)
            return new(Avx512F.PermuteVar16x32(Vector512<float>.Indices, Avx512F.ConvertToVector512Int32(Vector128.Load(source)) >>> shift));
        Vector128<byte> b = Vector128.Load(source);
        Vector512<int> codes = Widen(Vector256.Create(Vector128.WidenLower(b), Vector128.WidenUpper(b)).AsInt16()) >>> shift & Vector512.Create(15);
        return new(Vector512.ConvertToSingle(codes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(FloatVector512 value, float* destination) => value._value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector512 Add(FloatVector512 left, FloatVector512 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector512 Multiply(FloatVector512 left, FloatVector512 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector512 MultiplyAdd(FloatVector512 left, FloatVector512 right, FloatVector512 addend) =>
        new(Vector512.FusedMultiplyAdd(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector512 Max(FloatVector512 left, FloatVector512 right) => new(Vector512.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float HorizontalSum(FloatVector512 value) => Vector512.Sum(value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float HorizontalMax(FloatVector512 value) =>
        FloatVector256.HorizontalMax(new FloatVector256(Vector256.Max(value._value.GetLower(), value._value.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector512 ExpNonPositive(FloatVector512 value)
    {
        Vector512<float> x = Vector512.Max(value._value, Vector512.Create(ExpPolynomial.Lowest));
        Vector512<float> n = Vector512.Round(x * Vector512.Create(ExpPolynomial.Log2E));
        Vector512<float> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(ExpPolynomial.MinusLn2High), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(ExpPolynomial.MinusLn2Low), r);
        Vector512<float> p = Vector512.Create(ExpPolynomial.C6);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(ExpPolynomial.C5));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(ExpPolynomial.C4));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(ExpPolynomial.C3));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(0.5f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f));
        Vector512<float> power = (Vector512.ConvertToInt32Native(n) + Vector512.Create(127) << 23).AsSingle();
        return new(
            Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(value._value, Vector512.Create(ExpPolynomial.Lowest)), p * power, Vector512<float>.Zero));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector512 Sigmoid(FloatVector512 value)
    {
        Vector512<float> power = ExpNonPositive(new(-Vector512.Abs(value._value)))._value, one = Vector512.Create(1f);
        return new(Vector512.ConditionalSelect(Vector512.LessThan(value._value, Vector512<float>.Zero), power, one) / (one + power));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector512 KeepWithin(FloatVector512 value, int* positions, int low, int high)
    {
        Vector512<int> p = Vector512.Load(positions);
        Vector512<int> keep = Vector512.GreaterThan(p, Vector512.Create(low)) & Vector512.LessThanOrEqual(p, Vector512.Create(high));
        return new(Vector512.ConditionalSelect(keep.AsSingle(), value._value, Vector512.Create(float.NegativeInfinity)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector512 KeepWithBit(FloatVector512 value, uint* masks, uint bit)
    {
        Vector512<uint> drop = Vector512.Equals(Vector512.Load(masks) & Vector512.Create(bit), Vector512<uint>.Zero);
        return new(Vector512.ConditionalSelect(drop.AsSingle(), Vector512.Create(float.NegativeInfinity), value._value));
    }

    // One instruction where it exists; the portable form widens two halves and joins them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(Vector256<short> source) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(source)
        : Vector512.Create(Vector256.WidenLower(source), Vector256.WidenUpper(source));
}
