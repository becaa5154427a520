using Winnow.Torch;
using Winnow.Training.Nano;

namespace Winnow.Training.Tests.Nano;

/// <summary>A nano model small enough for tests.</summary>
internal static class TinyNano
{
    public static NanoShape Shape { get; } = new()
    {
        Vocabulary = NanoVocabulary.Default.Size, Width = 64, Layers = 2, HeadDim = 32, FeedForward = 96, ContextLength = 512, TrainedLength = 512,
    };

    public static NanoModel Create(NanoShape? shape = null, int seed = 1)
    {
        TorchRuntime.Start(threads: 1, seed);
        NanoModel model = new(shape ?? Shape);
        NanoInitialisation.Apply(model, NanoVocabulary.Default);
        return model;
    }
}
