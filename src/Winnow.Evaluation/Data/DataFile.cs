using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Winnow.Evaluation;

/// <summary>
/// Rows as JSON lines with the columns <c>task, context, question, answer_prefix, answer</c> (a text or a list of texts) and <c>max_new_tokens</c>, the shape
/// in which long-context tests are commonly shared. Rows of RULER's tasks, known by their names, are scored as RULER scores them; of any other task, all
/// answers must occur.
/// </summary>
public static class DataFile
{
    private static readonly JsonSerializerOptions _readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads all rows.</summary>
    /// <exception cref="WinnowException">The file cannot be read, or a line is no such row; the message names the line.</exception>
    public static IReadOnlyList<DataRow> Read(string path) => JsonRows.Read(path, Parse);

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

    private static DataRow Parse(JsonObject row, string where)
    {
        string task = JsonRows.Text(row, "task", where);
        return new DataRow
        {
            Task = task,
            Metric = RulerTasks.MetricOf(task) ?? AnswerMetric.AllAnswers,
            Context = JsonRows.Text(row, "context", where),
            Question = JsonRows.Text(row, "question", where),
            AnswerPrefix = row.ContainsKey("answer_prefix") ? JsonRows.Text(row, "answer_prefix", where) : "",
            Answers = JsonRows.Texts(row, "answer", where),
            MaxNewTokens = row["max_new_tokens"] is JsonValue value && value.TryGetValue(out int tokens) && tokens > 0
                ? tokens : throw new WinnowException($"{where}: 'max_new_tokens' must be a whole number above 0"),
        };
    }
}
