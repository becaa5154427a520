using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Winnow.Evaluation;

/// <summary>
/// Rows as JSON lines with the columns <c>task, context, question, answer_prefix, answer</c> (a text or a list of texts) and <c>max_new_tokens</c>, the shape in
/// which long-context tests are commonly shared. Rows of RULER's tasks, known by their names, are scored as RULER scores them; of any other task, all answers must
/// occur.
/// </summary>
public static class DataFile
{
    private static readonly JsonSerializerOptions _readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads all rows.</summary>
    /// <exception cref="WinnowException">The file cannot be read, or a line is no such row; the message names the line.</exception>
    public static IReadOnlyList<DataRow> Read(string path)
    {
        List<DataRow> rows = [];
        try
        {
            int number = 0;
            foreach (string line in File.ReadLines(path))
            {
                number++;
                if (!string.IsNullOrWhiteSpace(line))
                    rows.Add(Parse(line, $"{path}, line {number}"));
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new WinnowException($"{path}: the data cannot be read: {error.Message}", error);
        }

        return rows.Count > 0 ? rows : throw new WinnowException($"{path}: the file holds no rows; write one JSON object a line");
    }

    /// <summary>Writes rows.</summary>
    public static void Write(string path, IEnumerable<DataRow> rows) => File.WriteAllLines(path, rows.Select(row => new JsonObject
    {
        ["task"] = row.Task,
        ["context"] = row.Context,
        ["question"] = row.Question,
        ["answer_prefix"] = row.AnswerPrefix,
        ["answer"] = new JsonArray([.. row.Answers.Select(answer => (JsonNode)answer)]),
        ["max_new_tokens"] = row.MaxNewTokens,
    }.ToJsonString(_readable)));

    private static DataRow Parse(string line, string where)
    {
        JsonObject row;
        try
        {
            row = JsonNode.Parse(line) as JsonObject ?? throw new WinnowException($"{where}: this is no JSON object");
        }
        catch (JsonException error)
        {
            throw new WinnowException($"{where}: this is no JSON: {error.Message}", error);
        }

        string task = Text(row, "task", where);
        return new DataRow
        {
            Task = task,
            Metric = RulerTasks.MetricOf(task) ?? AnswerMetric.AllAnswers,
            Context = Text(row, "context", where),
            Question = Text(row, "question", where),
            AnswerPrefix = row.ContainsKey("answer_prefix") ? Text(row, "answer_prefix", where) : "",
            Answers = Answers(row["answer"], where),
            MaxNewTokens = row["max_new_tokens"] is JsonValue value && value.TryGetValue(out int tokens) && tokens > 0
                ? tokens : throw new WinnowException($"{where}: 'max_new_tokens' must be a whole number above 0"),
        };
    }

    private static string Text(JsonObject row, string key, string where) => row[key] is JsonValue value && value.TryGetValue(out string? text)
        ? text : throw new WinnowException($"{where}: the row has no text '{key}'");

    private static IReadOnlyList<string> Answers(JsonNode? node, string where)
    {
        JsonNode?[] nodes = node is JsonArray array ? [.. array] : [node];
        string[] answers = [.. nodes.Select(item => item is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0
            ? text : throw new WinnowException($"{where}: 'answer' must be a text or a list of texts"))];
        return answers.Length > 0 ? answers : throw new WinnowException($"{where}: 'answer' is an empty list");
    }
}
