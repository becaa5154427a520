using Winnow.Decoding;

namespace Winnow;

/// <summary>
/// Compiles ahead of need. The runtime compiles a method when it is first called, and an answer calls some two thousand of them, which takes longer than a
/// small model takes to answer. A program that has something else to do first can run this beside it on a second processor.
/// </summary>
public static class WarmUp
{
    /// <summary>Tokens of the passes, any that a vocabulary has.</summary>
    private static readonly int[] s_tokens = [0, 1];

    /// <summary>Loads a small model, lets two tokens pass it and draws a third.</summary>
    /// <param name="path">The model; its vocabulary is not read, for that is what the program itself does meanwhile.</param>
    /// <exception cref="WinnowException">The file is broken or of an unknown family.</exception>
    public static void Run(string path)
    {
        // One thread: more would take the processor on which the program goes on.
        using LanguageModel model = LanguageModel.LoadWeights(path, new ModelOptions { Threads = 1 });
        using Sequence sequence = model.CreateSequence();
        sequence.Prefill(s_tokens);
        new Sampler(new SamplingOptions { Temperature = 0 }).Next(sequence.Logits);
    }
}
