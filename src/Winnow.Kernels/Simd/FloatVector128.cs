using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Winnow.Kernels.Simd;

/// <summary>Four floats.</summary>
internal readonly unsafe struct FloatVector128(Vector128<float> value) : IFloatVector<FloatVector128>
{
    private readonly Vector128<float> _value = value;

    public static int Count => Vector128<float>.Count;

    public static FloatVector128 Zero => new(Vector128<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector128 Splat(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector128 Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector128 LoadHalf(ushort* source)
    {
        // Sign-extend, move exponent and mantissa into place, then rescale by 2^112: the difference of the two exponent biases. Exact for subnormals too.
        Vector128<ushort> h = Vector128.CreateScalarUnsafe(*(long*)source).AsUInt16();
        Vector128<int> wide = Vector128.WidenLower(h.AsInt16()) << 13;
        Vector128<float> scaled = (wide & Vector128.Create(unchecked((int)0x8FFFE000))).AsSingle();
        return new(scaled * Vector128.Create(5.192296858534828e33f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector128 LoadBrain(ushort* source)
    {
        Vector128<ushort> h = Vector128.CreateScalarUnsafe(*(long*)source).AsUInt16();
        return new((Vector128.WidenLower(h).AsInt32() << 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector128 LoadSByte(sbyte* source)
    {
        Vector128<short> s = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)source).AsSByte());
        return new(Vector128.ConvertToSingle(Vector128.WidenLower(s)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector128 LoadNibbles(byte* source, int shift)
    {
        Vector128<ushort> s = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)source).AsByte());
        Vector128<int> codes = Vector128.WidenLower(s).AsInt32() >>> shift & Vector128.Create(15);
        return new(Vector128.ConvertToSingle(codes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(FloatVector128 value, float* destination) => value._value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector128 Add(FloatVector128 left, FloatVector128 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector128 Multiply(FloatVector128 left, FloatVector128 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector128 MultiplyAdd(FloatVector128 left, FloatVector128 right, FloatVector128 addend) =>
        new(Vector128.FusedMultiplyAdd(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector128 Max(FloatVector128 left, FloatVector128 right) => new(Vector128.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float HorizontalSum(FloatVector128 value) => Vector128.Sum(value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float HorizontalMax(FloatVector128 value)
    {
        Vector128<float> pairs = Vector128.Max(value._value, Vector128.Shuffle(value._value, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(pairs, Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector128 ExpNonPositive(FloatVector128 value)
    {
        Vector128<float> x = Vector128.Max(value._value, Vector128.Create(ExpPolynomial.Lowest));
        Vector128<float> n = Vector128.Round(x * Vector128.Create(ExpPolynomial.Log2E));
        Vector128<float> r = Vector128.FusedMultiplyAdd(n, Vector128.Create(ExpPolynomial.MinusLn2High), x);
        r = Vector128.FusedMultiplyAdd(n, Vector128.Create(ExpPolynomial.MinusLn2Low), r);
        Vector128<float> p = Vector128.Create(ExpPolynomial.C6);
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(ExpPolynomial.C5));
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(ExpPolynomial.C4));
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(ExpPolynomial.C3));
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(0.5f));
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(1f));
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(1f));
        Vector128<float> power = (Vector128.ConvertToInt32Native(n) + Vector128.Create(127) << 23).AsSingle();
        return new(
            Vector128.ConditionalSelect(Vector128.GreaterThanOrEqual(value._value, Vector128.Create(ExpPolynomial.Lowest)), p * power, Vector128<float>.Zero));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector128 Sigmoid(FloatVector128 value)
    {
        Vector128<float> power = ExpNonPositive(new(-Vector128.Abs(value._value)))._value, one = Vector128.Create(1f);
        return new(Vector128.ConditionalSelect(Vector128.LessThan(value._value, Vector128<float>.Zero), power, one) / (one + power));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector128 KeepWithin(FloatVector128 value, int* positions, int low, int high)
    {
        Vector128<int> p = Vector128.Load(positions);
        Vector128<int> keep = Vector128.GreaterThan(p, Vector128.Create(low)) & Vector128.LessThanOrEqual(p, Vector128.Create(high));
        return new(Vector128.ConditionalSelect(keep.AsSingle(), value._value, Vector128.Create(float.NegativeInfinity)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatVector128 KeepWithBit(FloatVector128 value, uint* masks, uint bit)
    {
        Vector128<uint> drop = Vector128.Equals(Vector128.Load(masks) & Vector128.Create(bit), Vector128<uint>.Zero);
        return new(Vector128.ConditionalSelect(drop.AsSingle(), Vector128.Create(float.NegativeInfinity), value._value));
    }
}
