using Winnow.Cli.Rendering;

namespace Winnow.Cli.Tests.Rendering;

public sealed class FiguresTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1,023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(96576768, "92.1 MiB")]
    [InlineData(5e9, "4.66 GiB")]
    public void Bytes_have_binary_units(double bytes, string text) => Assert.Equal(text, Figures.Bytes(bytes));

    [Theory]
    [InlineData(0, "–")]
    [InlineData(9.876, "9.88")]
    [InlineData(65.72, "65.7")]
    [InlineData(1234.4, "1,234")]
    public void Rates_have_three_digits(double rate, string text) => Assert.Equal(text, Figures.Rate(rate));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_is_no_number_never_reaches_JSON(double value) => Assert.Equal(0, Figures.Measured(value));
}
