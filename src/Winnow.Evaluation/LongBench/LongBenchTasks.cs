namespace Winnow.Evaluation;

/// <summary>How a LongBench task is asked and scored.</summary>
/// <param name="Name">LongBench's name.</param>
/// <param name="Metric">How an output is scored, for the classes of a row.</param>
/// <param name="MaxNewTokens">Most tokens of an output, as LongBench has it.</param>
/// <param name="Before">Stands before the context.</param>
/// <param name="After">Stands after it; <c>{input}</c> is the row's.</param>
/// <param name="AnswerPrefix">Beginning of the answer.</param>
/// <param name="Plain">Whether no chat template goes around it: examples and code, which the model goes on with.</param>
internal sealed record LongBenchTask(
    string Name, Func<IReadOnlyList<string>, AnswerMetric> Metric, int MaxNewTokens, string Before, string After, string AnswerPrefix, bool Plain = false);

/// <summary>
/// LongBench's 21 tasks (Bai et al. 2023, arXiv 2308.14508) with its metrics and lengths of answers. The instructions are our own, so scores compare among
/// runs of this program, and with published ones only roughly.
/// </summary>
public static class LongBenchTasks
{
    private const string BriefAnswer = "Question: {input}\n\nAnswer with a few words taken from the text, and nothing else.";
    private const string PassageIntro = "Read these passages. A question about them follows.";

    private static readonly LongBenchTask[] _all =
    [
        new("narrativeqa", Always(LongBenchMetrics.QaF1), 128, "Read this story, a novel or the script of a film. A question about it follows.",
            "Question: {input}\n\nAnswer as briefly as you can, with a single phrase if that is enough.", "Answer:"),
        new("qasper", Always(LongBenchMetrics.QaF1), 128, "Read this scientific article. A question about it follows.",
            "Question: {input}\n\nAnswer as briefly as you can, from the article alone. "
            + "Write \"unanswerable\" if the article does not say; to a question of yes or no write \"yes\", \"no\" or \"unanswerable\".", "Answer:"),
        new("multifieldqa_en", Always(LongBenchMetrics.QaF1), 64, "Read this text. A question about it follows.", BriefAnswer, "Answer:"),
        new("multifieldqa_zh", Always(LongBenchMetrics.QaF1Chinese), 64, "请阅读下面的文章，随后有一个相关的问题。", "问题：{input}\n\n请根据文章简短作答，不要写别的内容。", "回答："),
        new("hotpotqa", Always(LongBenchMetrics.QaF1), 32, PassageIntro, BriefAnswer, "Answer:"),
        new("2wikimqa", Always(LongBenchMetrics.QaF1), 32, PassageIntro, BriefAnswer, "Answer:"),
        new("musique", Always(LongBenchMetrics.QaF1), 32, PassageIntro, BriefAnswer, "Answer:"),
        new("dureader", Always(LongBenchMetrics.RougeChinese), 128, "请阅读下面的几篇文章，随后有一个问题。", "问题：{input}\n\n请根据以上文章作答。", "回答："),
        new("gov_report", Always(LongBenchMetrics.Rouge), 512, "Read this report of a government agency.", "Summarise the report above on one page.",
            "Summary:"),
        new("qmsum", Always(LongBenchMetrics.Rouge), 512, "Read this transcript of a meeting. A question or a request about it follows.",
            "{input}\n\nAnswer in one or a few sentences.", "Answer:"),
        new("multi_news", Always(LongBenchMetrics.Rouge), 512, "Read these news articles about one event.", "Summarise all of the news above on one page.",
            "Summary:"),
        new("vcsum", Always(LongBenchMetrics.RougeChinese), 512, "请阅读下面的会议记录。", "请为以上会议写一段总结。", "会议总结："),
        new("trec", LongBenchMetrics.Classification, 64, "Name the type of the last question. Here are questions with their types.", "{input}", "",
            Plain: true),
        new("triviaqa", Always(LongBenchMetrics.FirstLineQaF1), 32, "Answer the last question from its passage with the answer alone. Here are examples.",
            "{input}", "", Plain: true),
        new("samsum", Always(LongBenchMetrics.FirstLineRouge), 128, "Summarise the last dialogue in a few sentences. Here are examples.", "{input}", "",
            Plain: true),
        new("lsht", LongBenchMetrics.Classification, 64, "请判断最后一条新闻的类别。下面是一些例子。", "{input}", "", Plain: true),
        new("passage_count", Always(LongBenchMetrics.Count), 32, "Some of these paragraphs are repeated. Count how many different ones there are.",
            "How many different paragraphs are there in the text above? Answer with the number alone.", "Number of different paragraphs:"),
        new("passage_retrieval_en", Always(LongBenchMetrics.Retrieval), 32, "Here are 30 paragraphs. After them comes a summary of one of them.",
            "{input}\n\nWhich paragraph does this summary belong to? Answer with its name, such as \"Paragraph 1\".", "The summary belongs to"),
        new("passage_retrieval_zh", Always(LongBenchMetrics.Retrieval), 32, "下面有若干段落，随后是其中一段的摘要。", "{input}\n\n这段摘要属于哪一段？请只写段落的编号，例如“段落1”。", "答案："),
        new("lcc", Always(LongBenchMetrics.CodeSimilarity), 64, "Go on with this code.", "{input}Next line of code:", "\n", Plain: true),
        new("repobench-p", Always(LongBenchMetrics.CodeSimilarity), 64, "Go on with this code.", "{input}Next line of code:", "\n", Plain: true),
    ];

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. _all.Select(task => task.Name)];

    /// <summary>The task of a name, or of a name with the ending <c>_e</c> that the evenly distributed half of LongBench has; null if there is none.</summary>
    internal static LongBenchTask? Find(string name)
    {
        string bare = name.EndsWith("_e", StringComparison.Ordinal) ? name[..^2] : name;
        return Array.Find(_all, task => task.Name == bare);
    }

    private static Func<IReadOnlyList<string>, AnswerMetric> Always(AnswerMetric metric) => _ => metric;
}
