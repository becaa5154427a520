using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Winnow.Kernels.Simd;

/// <summary>Eight floats.</summary>
internal readonly unsafe struct FloatVector256(Vector256<float> value) : IFloatVector<FloatVector256>
{
    private readonly Vector256<float> _value = value;

    public static int Count => Vector256<float>.Count;

    public static FloatVector256 Zero => new(Vector256<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector256 Splat(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector256 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector256 LoadHalf(ushort* source)
    {
        // Sign-extend, move exponent and mantissa into place, then rescale by 2^112: the difference of the two exponent biases. Exact for subnormals too.
        Vector128<ushort> h = Vector128.Load(source);
        Vector256<int> wide = Widen(h.AsInt16()) << 13;
        Vector256<float> scaled = (wide & Vector256.Create(unchecked((int)0x8FFFE000))).AsSingle();
        return new(scaled * Vector256.Create(5.192296858534828e33f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector256 LoadBrain(ushort* source)
    {
        Vector128<ushort> h = Vector128.Load(source);
        return new((Widen(h.AsInt16()) << 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector256 LoadSByte(sbyte* source)
    {
        Vector128<short> s = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)source).AsSByte());
        return new(Vector256.ConvertToSingle(Widen(s)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector256 LoadNibbles(byte* source, int shift)
    {
        Vector128<ushort> s = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)source).AsByte());
        Vector256<int> codes = Widen(s.AsInt16()) >>> shift & Vector256.Create(15);
        return new(Vector256.ConvertToSingle(codes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(FloatVector256 value, float* destination) => value._value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector256 Add(FloatVector256 left, FloatVector256 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector256 Multiply(FloatVector256 left, FloatVector256 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector256 MultiplyAdd(FloatVector256 left, FloatVector256 right, FloatVector256 addend) =>
        new(Vector256.FusedMultiplyAdd(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector256 Max(FloatVector256 left, FloatVector256 right) => new(Vector256.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float HorizontalSum(FloatVector256 value) => Vector256.Sum(value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float HorizontalMax(FloatVector256 value) =>
        FloatVector128.HorizontalMax(new FloatVector128(Vector128.Max(value._value.GetLower(), value._value.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector256 ExpNonPositive(FloatVector256 value)
    {
        Vector256<float> x = Vector256.Max(value._value, Vector256.Create(ExpPolynomial.Lowest));
        Vector256<float> n = Vector256.Round(x * Vector256.Create(ExpPolynomial.Log2E));
        Vector256<float> r = Vector256.FusedMultiplyAdd(n, Vector256.Create(ExpPolynomial.MinusLn2High), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(ExpPolynomial.MinusLn2Low), r);
        Vector256<float> p = Vector256.Create(ExpPolynomial.C6);
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(ExpPolynomial.C5));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(ExpPolynomial.C4));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(ExpPolynomial.C3));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(0.5f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1f));
        Vector256<float> power = (Vector256.ConvertToInt32Native(n) + Vector256.Create(127) << 23).AsSingle();
        return new(
            Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(value._value, Vector256.Create(ExpPolynomial.Lowest)), p * power, Vector256<float>.Zero));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector256 Sigmoid(FloatVector256 value)
    {
        Vector256<float> power = ExpNonPositive(new(-Vector256.Abs(value._value)))._value, one = Vector256.Create(1f);
        return new(Vector256.ConditionalSelect(Vector256.LessThan(value._value, Vector256<float>.Zero), power, one) / (one + power));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector256 KeepWithin(FloatVector256 value, int* positions, int low, int high)
    {
        Vector256<int> p = Vector256.Load(positions);
        Vector256<int> keep = Vector256.GreaterThan(p, Vector256.Create(low)) & Vector256.LessThanOrEqual(p, Vector256.Create(high));
        return new(Vector256.ConditionalSelect(keep.AsSingle(), value._value, Vector256.Create(float.NegativeInfinity)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector256 KeepWithBit(FloatVector256 value, uint* masks, uint bit)
    {
        Vector256<uint> drop = Vector256.Equals(Vector256.Load(masks) & Vector256.Create(bit), Vector256<uint>.Zero);
        return new(Vector256.ConditionalSelect(drop.AsSingle(), Vector256.Create(float.NegativeInfinity), value._value));
    }

    // One instruction where it exists; the portable form widens two halves and joins them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector128<short> source) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int32(source)
        : Vector256.Create(Vector128.WidenLower(source), Vector128.WidenUpper(source));
}
