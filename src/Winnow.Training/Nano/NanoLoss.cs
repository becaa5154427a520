using TorchSharp;
using Winnow.Torch;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace Winnow.Training.Nano;

/// <summary>What a batch teaches: cross-entropy, in full on answers, less on what leads to them, and least on a sample of all other text.</summary>
internal static class NanoLoss
{
    private const double LeadWeight = 0.5;
    private const double SampledShare = 0.12;

    /// <summary>Runs the model on a batch.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">Rows.</param>
    /// <param name="textWeight">Weight of text that is no answer, all of it together, against all answers.</param>
    /// <param name="random">Chooses the sample of that text.</param>
    /// <returns>The loss to minimise, and the mean over answers alone for people to look at; in nats a token.</returns>
    public static (Tensor Loss, Tensor Answers) Of(NanoModel model, NanoBatch batch, double textWeight, NanoRandom random)
    {
        (List<long> places, List<float> weights, int answers) = Choose(batch, textWeight, random);
        Tensor tokens = TensorData.FromIntegers([.. batch.Tokens.Select(id => (long)id)], batch.Rows, batch.Length);
        Tensor hidden = model.Hidden(tokens).reshape(-1, model.Shape.Width);
        Tensor chosen = hidden.index_select(0, TensorData.FromIntegers([.. places], places.Count));
        Tensor targets = TensorData.FromIntegers([.. places.Select(place => (long)batch.Tokens[place + 1])], places.Count);
        Tensor each = Functional.cross_entropy(model.Logits(chosen), targets, reduction: nn.Reduction.None);
        Tensor weight = TensorData.FromFloats([.. weights], weights.Count);
        Tensor loss = (each * weight).sum() / Math.Max(1f, weights.Take(answers).Sum());
        Tensor seen = each.detach()[TensorIndex.Slice(0, Math.Max(1, answers))].mean();
        return (loss, seen);
    }

    /// <summary>Places whose next token counts, answers first.</summary>
    private static (List<long> Places, List<float> Weights, int Answers) Choose(NanoBatch batch, double textWeight, NanoRandom random)
    {
        List<long> answers = [], leads = [], others = [];
        for (int row = 0; row < batch.Rows; row++)
        {
            for (int i = 1; i < batch.Filled[row]; i++)
            {
                int at = row * batch.Length + i;
                if (batch.Parts[at] == NanoPart.Answer)
                    answers.Add(at - 1);
                else if (batch.Parts[at] == NanoPart.Lead)
                    leads.Add(at - 1);
                else if (textWeight > 0 && random.Chance(SampledShare))
                    others.Add(at - 1);
            }
        }

        float other = (float)(textWeight * answers.Count / Math.Max(1, others.Count));
        List<float> weights = [.. Enumerable.Repeat(1f, answers.Count), .. Enumerable.Repeat((float)LeadWeight, leads.Count)];
        weights.AddRange(Enumerable.Repeat(other, others.Count));
        return ([.. answers, .. leads, .. others], weights, answers.Count);
    }
}
