namespace Winnow.Kernels.Simd;

/// <summary>One float: the scalar twin of every kernel written over <see cref="IFloatVector{TSelf}"/>, and the fallback where no vectors exist.</summary>
internal readonly unsafe struct FloatVectorScalar(float value) : IFloatVector<FloatVectorScalar>
{
    private readonly float _value = value;

    public static int Count => 1;

    public static FloatVectorScalar Zero => default;

    public static FloatVectorScalar Splat(float value) => new(value);

    public static FloatVectorScalar Load(float* source) => new(*source);

    public static FloatVectorScalar LoadHalf(ushort* source) => new((float)BitConverter.UInt16BitsToHalf(*source));

    public static FloatVectorScalar LoadBrain(ushort* source) => new(BitConverter.UInt32BitsToSingle((uint)*source << 16));

    public static FloatVectorScalar LoadSByte(sbyte* source) => new(*source);

    public static FloatVectorScalar LoadNibbles(byte* source, int shift) => new(*source >> shift & 15);

    public static void Store(FloatVectorScalar value, float* destination) => *destination = value._value;

    public static FloatVectorScalar Add(FloatVectorScalar left, FloatVectorScalar right) => new(left._value + right._value);

    public static FloatVectorScalar Multiply(FloatVectorScalar left, FloatVectorScalar right) => new(left._value * right._value);

    public static FloatVectorScalar MultiplyAdd(FloatVectorScalar left, FloatVectorScalar right, FloatVectorScalar addend) =>
        new(MathF.FusedMultiplyAdd(left._value, right._value, addend._value));

    public static FloatVectorScalar Max(FloatVectorScalar left, FloatVectorScalar right) => new(MathF.Max(left._value, right._value));

    public static float HorizontalSum(FloatVectorScalar value) => value._value;

    public static float HorizontalMax(FloatVectorScalar value) => value._value;

    public static FloatVectorScalar ExpNonPositive(FloatVectorScalar value) => new(value._value < ExpPolynomial.Lowest ? 0 : MathF.Exp(value._value));

    public static FloatVectorScalar Sigmoid(FloatVectorScalar value) => new(1 / (1 + MathF.Exp(-value._value)));

    public static FloatVectorScalar KeepWithin(FloatVectorScalar value, int* positions, int low, int high) =>
        *positions > low && *positions <= high ? value : new(float.NegativeInfinity);

    public static FloatVectorScalar KeepWithBit(FloatVectorScalar value, uint* masks, uint bit) =>
        (*masks & bit) != 0 ? value : new(float.NegativeInfinity);
}
