namespace Winnow.Evaluation.Tests.Data;

public sealed class AnswerMetricTests
{
    [Theory]
    [InlineData("The numbers are 12 and 34.", 1, 1, 1)]
    [InlineData("It is 12.", 0, 0.5, 1)]
    [InlineData("It is 56.", 0, 0, 0)]
    [InlineData("", 0, 0, 0)]
    public void All_answers_a_share_of_them_or_one_of_them(string output, double all, double recall, double any)
    {
        string[] answers = ["12", "34"];
        Assert.Equal(
            (all, recall, any),
            (AnswerMetric.AllAnswers.Score(output, answers), AnswerMetric.Recall.Score(output, answers), AnswerMetric.AnyAnswer.Score(output, answers)));
    }

    [Fact]
    public void The_case_of_letters_does_not_matter() => Assert.Equal(1, AnswerMetric.Recall.Score("PARIS, of course", ["Paris"]));

    [Theory]
    [InlineData("niah_multivalue", "recall")]
    [InlineData("vt", "recall")]
    [InlineData("qa_2", "any")]
    public void Ruler_scores_questions_by_any_answer_and_all_else_by_recall(string task, string metric) =>
        Assert.Equal(metric, RulerTasks.MetricOf(task)!.Name);

    [Fact]
    public void Other_tasks_have_no_rule_of_Rulers() => Assert.Null(RulerTasks.MetricOf("one_fact"));
}
