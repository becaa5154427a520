using TorchSharp;
using Winnow.Torch;
using Winnow.Training.Nano.Tasks;
using static TorchSharp.torch;

namespace Winnow.Training.Nano;

/// <summary>Exactness of answers on fixed samples, as training goes: an answer is right when every token of it would be chosen, given those before it.</summary>
internal sealed class NanoProbe(NanoVocabulary vocabulary)
{
    private const int Seed = 987_654;
    private const int TokensAtOnce = 8192;

    private static readonly (NanoTask Task, int? Units)[] s_tasks =
    [
        (new NeedleTask("needle", 4, 1), 1), (new KeyValueTask("kv"), null), (new VariableTask("var2", 2), null), (new BiographyTask("bio1", 1), null),
        (new BiographyTask("bio2", 2), null), (new ArithmeticTask("add", true), 4), (new CopyTask("copy"), null), (new CommonWordTask("common", 1), 1),
    ];

    private readonly NanoRows _rows = new(vocabulary, Seed);
    private readonly Dictionary<(string Task, int Length), NanoBatch> _batches = [];

    /// <summary>Names of the columns.</summary>
    public static IReadOnlyList<string> Columns { get; } = [.. s_tasks.Select(entry => entry.Task.Name)];

    /// <summary>Share of right answers for each column.</summary>
    /// <param name="model">The model as it is.</param>
    /// <param name="length">Tokens of a sample.</param>
    /// <param name="samples">Samples of each task.</param>
    public double[] Run(NanoModel model, int length, int samples) => [.. s_tasks.Select(entry => Share(model, Batch(entry.Task, entry.Units, length, samples)))];

    private NanoBatch Batch(NanoTask task, int? units, int length, int samples)
    {
        int? count = units ?? task.Name switch { "kv" => Math.Min(24, length / 20), "var2" => length >= 256 ? 4 : 2, "copy" => null, _ => Math.Clamp(length / 50, 2, 20) };
        if (!_batches.TryGetValue((task.Name, length), out NanoBatch? batch))
            _batches[(task.Name, length)] = batch = _rows.Samples(task, samples, task.Name is "copy" or "add" ? Math.Min(length, 256) : length, NanoStyle.Plain, count, 4);
        return batch;
    }

    private static double Share(NanoModel model, NanoBatch batch)
    {
        int right = 0, all = 0, rows = Math.Max(1, TokensAtOnce / batch.Length);
        for (int first = 0; first < batch.Rows; first += rows)
        {
            int count = Math.Min(rows, batch.Rows - first);
            ReadOnlySpan<int> tokens = batch.Tokens.AsSpan(first * batch.Length, count * batch.Length);
            long[] best = Best(model, tokens, count, batch.Length);
            for (int row = 0; row < count; row++)
            {
                int start = row * batch.Length;
                var spans = new HashSet<short>();
                var wrong = new HashSet<short>();
                for (int i = 1; i < batch.Length; i++)
                {
                    short span = batch.Spans[first * batch.Length + start + i];
                    if (span == 0)
                        continue;
                    spans.Add(span);
                    if (best[start + i - 1] != tokens[start + i])
                        wrong.Add(span);
                }

                (right, all) = (right + spans.Count - wrong.Count, all + spans.Count);
            }
        }

        return all == 0 ? 0 : (double)right / all;
    }

    private static long[] Best(NanoModel model, ReadOnlySpan<int> tokens, int rows, int length)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        long[] ids = new long[tokens.Length];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = tokens[i];
        Tensor best = model.Logits(model.Hidden(TensorData.FromIntegers(ids, rows, length))).argmax(-1);
        return best.reshape(-1).data<long>().ToArray();
    }
}
