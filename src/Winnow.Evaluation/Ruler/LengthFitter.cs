namespace Winnow.Evaluation;

/// <summary>Finds the size at which a text fills a length in tokens.</summary>
internal sealed class LengthFitter(Func<DataRow, int> count)
{
    private const int MostTries = 12;

    /// <summary>The largest row found whose prompt and answer fit.</summary>
    /// <param name="length">Tokens that prompt and answer may have.</param>
    /// <param name="least">The smallest size.</param>
    /// <param name="build">Makes a row of a size; the same size gives the same row.</param>
    /// <exception cref="WinnowException">The smallest row does not fit.</exception>
    public DataRow Fit(int length, int least, Func<int, DataRow> build)
    {
        DataRow best = build(least);
        int low = least, lowTokens = Tokens(best);
        if (lowTokens > length)
        {
            throw new WinnowException(
                $"a row of {best.Task} has {lowTokens} tokens with this model's tokenizer even when it is as short as can be; "
                + $"{length} were asked for: ask for more, or leave the task out");
        }

        int high = int.MaxValue, highTokens = 0, next = 2 * least + 8;
        for (int tries = 0; tries < MostTries && next > low && next < high; tries++)
        {
            DataRow row = build(next);
            int tokens = Tokens(row);
            double each = Math.Max(0.1, (double)(tokens - lowTokens) / (next - low));
            if (tokens <= length)
                (best, low, lowTokens) = (row, next, tokens);
            else
                (high, highTokens) = (next, tokens);
            if (high < int.MaxValue)
                each = Math.Max(0.1, (double)(highTokens - lowTokens) / (high - low));
            // Sizes and tokens are nearly proportional, so the line through what is known soon points at the place.
            next = Math.Min(low + (int)Math.Max(tries > MostTries / 2 ? 1 : 0, (length - lowTokens) / each), high - 1);
        }

        return best;
    }

    private int Tokens(DataRow row) => count(row) + row.MaxNewTokens;
}
