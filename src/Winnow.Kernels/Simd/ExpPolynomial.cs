namespace Winnow.Kernels.Simd;

/// <summary>
/// Constants of e^x = 2^n · e^r with n = round(x·log₂e) and |r| ≤ ln 2 / 2; ln 2 is split in two so that n·ln 2 is subtracted without rounding.
/// The polynomial is a minimax fit of e^r whose first three coefficients are kept at 1, 1 and ½.
/// </summary>
internal static class ExpPolynomial
{
    public const float Lowest = -87f;
    public const float Log2E = 1.44269504f;
    public const float MinusLn2High = -0.693359375f;
    public const float MinusLn2Low = 2.12194440e-4f;
    public const float C3 = 1.6666667e-1f;
    public const float C4 = 4.1666217e-2f;
    public const float C5 = 8.3333291e-3f;
    public const float C6 = 1.3930436e-3f;
}
