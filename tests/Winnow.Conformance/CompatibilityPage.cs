using System.Text;

namespace Winnow.Conformance;

/// <summary>The observations as a page of the documentation.</summary>
internal static class CompatibilityPage
{
    /// <summary>Writes the page.</summary>
    public static string Render(Observations observations)
    {
        StringBuilder page = new();
        page.Append("""
            # What works with what

            Written by the conformance tests, which try every pair on tiny models: ✓ works, – is refused. A policy declares what it survives; a declared pair that fails, or
            an undeclared one that is not refused, fails the tests. Do not edit this page: `WINNOW_WRITE_DOCS=1 dotnet test --project tests/Winnow.Conformance` writes it anew.


            """);
        page.Append("| policy |").AppendJoin(" |", Use.All.Select(use => " " + use.Title)).Append(" |\n|---|").Insert(page.Length, ":-:|", Use.All.Count).Append('\n');
        List<string> notes = [];
        foreach (PolicyRow row in PolicyRow.All)
        {
            page.Append($"| [{row.Text}](policies/{row.Page}) |");
            foreach (Use use in Use.All)
                page.Append(' ').Append(Cell(observations[row, use], notes)).Append(" |");
            page.Append('\n');
        }

        page.Append('\n');
        for (int note = 0; note < notes.Count; note++)
            page.Append($"{note + 1}. {notes[note]}\n");
        page.Append("\n## What the columns mean\n\n");
        foreach (Use use in Use.All)
            page.Append($"- **{use.Title}** — {use.Meaning}\n");
        page.Append("\n## What a refusal says\n\n");
        foreach (Use use in Use.All)
            AppendRefusals(page, observations, use);
        return page.ToString();
    }

    private static string Cell(Outcome outcome, List<string> notes)
    {
        string sign = outcome.Verdict switch { Verdict.Works => "✓", Verdict.Partly => "partly", Verdict.Absent => "no", Verdict.Refused => "–", _ => "✗" };
        if (outcome.Verdict != Verdict.Works || outcome.Note.Length == 0)
            return sign;
        if (!notes.Contains(outcome.Note))
            notes.Add(outcome.Note);
        return $"{sign} ({notes.IndexOf(outcome.Note) + 1})";
    }

    private static void AppendRefusals(StringBuilder page, Observations observations, Use use)
    {
        IEnumerable<IGrouping<string, PolicyRow>> refusals = PolicyRow.All
            .Where(row => observations[row, use].Verdict == Verdict.Refused)
            .GroupBy(row => observations[row, use].Note.Replace($"'{row.Descriptor.Name}'", "'…'", StringComparison.Ordinal));
        foreach (IGrouping<string, PolicyRow> refusal in refusals)
            page.Append($"- **{use.Title}**, {string.Join(", ", refusal.Select(row => row.Text))}: «{refusal.Key}»\n");
    }
}
