using Winnow.Cli.Output;

namespace Winnow.Cli.Options;

/// <summary>A model and copies of it that share its threads, so that rows can run side by side; the weights are mapped, and the mapping is shared.</summary>
internal sealed class ModelCopies : IDisposable
{
    /// <summary>
    /// Bytes of weights up to which rows side by side are worth their memory: waiting for each other in every product costs two
    /// threads a tenth of their time on a model of a few megabytes, and more on a busy machine. At 92 MiB there was nothing to gain.
    /// </summary>
    private const long SmallModel = 64L << 20;

    private readonly LanguageModel[] _copies;

    private ModelCopies(LanguageModel? model, LanguageModel[] copies)
    {
        _copies = copies;
        Models = model is null ? copies : [model];
    }

    /// <summary>All models that rows can run on.</summary>
    public IReadOnlyList<LanguageModel> Models { get; }

    /// <summary>Opens as many copies as are asked for.</summary>
    /// <param name="model">The model, loaded with all threads.</param>
    /// <param name="count">Rows side by side; 0 decides by size.</param>
    public static ModelCopies Of(LanguageModel model, int count)
    {
        int parallel = count > 0 ? count : Worthwhile(model);
        if (parallel == 1)
            return new ModelCopies(model, []);
        ModelOptions options = model.Options with { Threads = Math.Max(1, model.Threads / parallel) };
        LanguageModel[] copies = [.. Enumerable.Range(0, parallel).Select(_ => LanguageModel.Load(model.Checkpoint.Path, options))];
        return new ModelCopies(null, copies);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (LanguageModel copy in _copies)
            copy.Dispose();
    }

    private static int Worthwhile(LanguageModel model) => ModelFacts.TensorBytes(model) <= SmallModel ? model.Threads : 1;
}
