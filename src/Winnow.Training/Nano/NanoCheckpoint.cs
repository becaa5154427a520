using Winnow.Formats;
using Winnow.Torch;

namespace Winnow.Training.Nano;

/// <summary>Where a training run stands, beside its tensors.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Seconds">Time trained, over all sittings.</param>
/// <param name="Tokens">Tokens read.</param>
/// <param name="Loss">Running mean of the loss on answers, nats a token.</param>
/// <param name="Seed">Seed of weights and data. Batches follow from seed and step, so there is no other random state.</param>
/// <param name="Log">Lines of the log so far.</param>
internal sealed record NanoProgress(long Step, double Seconds, long Tokens, double Loss, int Seed, IReadOnlyList<string> Log);

/// <summary>Model, optimisers and progress in one file, which is replaced as a whole: a run that is killed goes on from the last one.</summary>
internal static class NanoCheckpoint
{
    private const string Kind = "winnow-nano-checkpoint";

    /// <summary>Writes a checkpoint.</summary>
    public static void Save(string path, NanoModel model, Muon muon, Adam adam, NanoVocabulary vocabulary, NanoProgress progress)
    {
        GgufWriter writer = new GgufWriter()
            .Add("general.architecture", Kind)
            .Add("training.step", progress.Step)
            .Add("training.seconds", progress.Seconds)
            .Add("training.tokens", progress.Tokens)
            .Add("training.loss", progress.Loss)
            .Add("training.seed", progress.Seed)
            .Add("training.log", progress.Log.ToArray());
        vocabulary.AddTo(writer);
        TensorFile.Add(writer, Tensors(model, muon, adam));
        writer.Write(path);
    }

    /// <summary>Fills model and optimisers from a checkpoint.</summary>
    /// <exception cref="WinnowException">The file is broken, or belongs to another shape or vocabulary.</exception>
    public static NanoProgress Load(GgufFile file, NanoModel model, Muon muon, Adam adam)
    {
        TensorFile.Fill(file, Tensors(model, muon, adam));
        GgufMetadata data = file.Metadata;
        NanoProgress progress = new(
            data.GetInteger("training.step"), data.GetNumber("training.seconds"), data.GetInteger("training.tokens"), data.GetNumber("training.loss"),
            (int)data.GetInteger("training.seed"), data.GetStrings("training.log"));
        adam.Steps = progress.Step;
        return progress;
    }

    /// <summary>Opens a checkpoint.</summary>
    /// <exception cref="WinnowException">There is none, or the file is another.</exception>
    public static GgufFile Open(string path)
    {
        GgufFile file = GgufFile.Open(path);
        if (file.Metadata.GetStringOrDefault("general.architecture") == Kind)
            return file;
        file.Dispose();
        throw new WinnowException($"{path}: this is no checkpoint of 'winnow train nano'; name the folder of a run that was stopped");
    }

    private static IEnumerable<(string Name, TorchSharp.torch.Tensor Value)> Tensors(NanoModel model, Muon muon, Adam adam) =>
        model.Parameters.Select(parameter => (parameter.Name, parameter.Value)).Concat(muon.State).Concat(adam.State);
}
