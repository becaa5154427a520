using System.Text.Json;
using System.Text.Json.Nodes;

namespace Winnow.Evaluation;

/// <summary>
/// Finished rows of a sweep in a file, so that a run that was stopped goes on where it was. The first line says what was measured; each line after it is one
/// row of one policy and budget. Policies and budgets may be added from run to run; whatever else decides a row's outcome must be as it was.
/// </summary>
public sealed class SweepJournal : IDisposable
{
    private const string Head = "winnow_sweep";

    private readonly Dictionary<(string Policy, string Keep, int Row), RowOutcome> _known = [];
    private readonly Lock _gate = new();
    private readonly StreamWriter _writer;

    private SweepJournal(string path, IReadOnlyDictionary<string, string> settings)
    {
        long valid = Read(path, settings);
        FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        // A line that the process did not finish goes.
        file.SetLength(valid);
        file.Seek(0, SeekOrigin.End);
        _writer = new StreamWriter(file) { AutoFlush = true, NewLine = "\n" };
        if (valid > 0)
            return;
        JsonObject values = [];
        foreach ((string name, string value) in settings)
            values[name] = value;
        _writer.WriteLine(new JsonObject { [Head] = 1, ["settings"] = values }.ToJsonString());
    }

    /// <summary>Rows that the file held when it was opened.</summary>
    public int Known => _known.Count;

    /// <summary>Opens a journal; a file that is there must have been written with the same settings.</summary>
    /// <param name="path">File to go on with, or to begin.</param>
    /// <param name="settings">What decides the outcome of a row besides policy and budget, by names that the user knows.</param>
    /// <exception cref="WinnowException">The file is no journal, belongs to another configuration, or cannot be read or written.</exception>
    public static SweepJournal Open(string path, IReadOnlyDictionary<string, string> settings)
    {
        try
        {
            return new SweepJournal(path, settings);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WinnowException($"{path}: the journal cannot be used: {error.Message}", error);
        }
    }

    /// <summary>The outcome of a row that was finished before; null if it was not.</summary>
    public RowOutcome? Find(string policy, string keep, int row) => _known.GetValueOrDefault((policy, keep, row));

    /// <summary>Writes a finished row.</summary>
    public void Add(string policy, string keep, int row, RowOutcome outcome)
    {
        JsonArray scores = [.. outcome.Scores.Select(score => (JsonNode)score)];
        string line = new JsonObject { ["cache"] = policy, ["keep"] = keep, ["row"] = row, ["scores"] = scores, ["kv_bytes"] = outcome.KvBytes }.ToJsonString();
        lock (_gate)
            _writer.WriteLine(line);
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    /// <summary>Reads what the file holds.</summary>
    /// <returns>Bytes of its complete lines.</returns>
    private long Read(string path, IReadOnlyDictionary<string, string> settings)
    {
        if (!File.Exists(path))
            return 0;
        byte[] bytes = File.ReadAllBytes(path);
        long valid = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        string[] lines = System.Text.Encoding.UTF8.GetString(bytes, 0, (int)valid).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0)
            return bytes.Length == 0 ? 0 : throw NoJournal(path, 1);
        Compare(path, Parse(path, lines[0], 1), settings);
        for (int i = 1; i < lines.Length; i++)
            Note(path, Parse(path, lines[i], i + 1), i + 1);
        return valid;
    }

    private static void Compare(string path, JsonObject head, IReadOnlyDictionary<string, string> settings)
    {
        if (head[Head] is null || head["settings"] is not JsonObject written)
            throw NoJournal(path, 1);
        foreach ((string name, string value) in settings)
        {
            string then = written[name]?.ToString() ?? "(not written)";
            if (then != value)
            {
                throw new WinnowException(
                    $"{path}: this journal belongs to another configuration: {name} was {then}, and is {value} now; "
                    + "name another journal, or remove this one to begin anew");
            }
        }
    }

    private void Note(string path, JsonObject row, int line)
    {
        try
        {
            double[] scores = [.. row["scores"]!.AsArray().Select(score => score!.GetValue<double>())];
            _known[((string)row["cache"]!, (string)row["keep"]!, (int)row["row"]!)] = new RowOutcome(scores, (long)row["kv_bytes"]!);
        }
        catch (Exception error) when (error is NullReferenceException or InvalidOperationException or FormatException or ArgumentNullException)
        {
            throw NoJournal(path, line);
        }
    }

    private static JsonObject Parse(string path, string line, int number)
    {
        try
        {
            return JsonNode.Parse(line) as JsonObject ?? throw NoJournal(path, number);
        }
        catch (JsonException)
        {
            throw NoJournal(path, number);
        }
    }

    private static WinnowException NoJournal(string path, int line) =>
        new($"{path}, line {line}: this is no journal of an evaluation; name another file for it");
}
