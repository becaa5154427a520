using Winnow.Kernels.Elementwise;
using Winnow.Kernels.Linear;

namespace Winnow.Models.Blocks;

/// <summary>Final normalisation and the projection onto the vocabulary, computed only for the rows that are asked for.</summary>
internal sealed class LanguageHead(Norm norm, WeightMatrix weight)
{
    /// <summary>Hands the logits of rows <paramref name="firstRow"/> to the last to the handler, in order.</summary>
    public void Apply(ForwardPass pass, int firstRow, LogitsHandler handler)
    {
        int width = pass.Config.Width, vocabulary = pass.Config.VocabularySize;
        for (int start = firstRow; start < pass.Tokens; start += ForwardPass.LogitRows)
        {
            int rows = Math.Min(ForwardPass.LogitRows, pass.Tokens - start);
            pass.EnsureLogits(rows);
            for (int row = start; row < start + rows; row++)
                norm.Apply(pass.Hidden.Slice(row * width, width), pass.Normed.Slice(row * width, width));
            Span<float> logits = pass.Logits[..(rows * vocabulary)];
            LinearKernel.Multiply(pass.Team, pass.Workspace, weight, pass.Normed.Slice(start * width, rows * width), rows, logits, pass.Mode);
            if (pass.Config.FinalSoftCap > 0)
                RowJob<RowWork>.Run(pass.Team, rows, new RowWork(pass));
            for (int row = 0; row < rows; row++)
                handler(start + row, logits.Slice(row * vocabulary, vocabulary));
        }
    }

    private readonly struct RowWork(ForwardPass pass) : IRowWork
    {
        public void Run(int row) =>
            Activations.SoftCap(pass.Logits.Slice(row * pass.Config.VocabularySize, pass.Config.VocabularySize), pass.Config.FinalSoftCap);
    }
}
