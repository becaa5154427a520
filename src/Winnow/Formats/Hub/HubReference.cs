using System.Text.RegularExpressions;

namespace Winnow.Formats.Hub;

/// <summary>What a user asks the hub for: <c>owner/repo</c>, optionally <c>@revision</c>, optionally <c>:file</c> or <c>:quantisation</c>.</summary>
/// <param name="Owner">The user or organisation.</param>
/// <param name="Repo">The repository.</param>
/// <param name="Selector">A file's name, or a quantisation such as <c>Q4_K_M</c>; <see langword="null"/> leaves the choice to the engine.</param>
/// <param name="Revision">A branch, tag or commit.</param>
public sealed partial record HubReference(string Owner, string Repo, string? Selector = null, string Revision = "main")
{
    /// <summary><c>owner/repo</c>.</summary>
    public string Name => $"{Owner}/{Repo}";

    /// <summary>Reads a reference.</summary>
    /// <exception cref="WinnowException">The text has another form.</exception>
    public static HubReference Parse(string text) =>
        TryParse(text) ?? throw new WinnowException(
            $"{InputFile.Quote(text)} is not a model on the hub; write owner/repo, owner/repo:Q4_K_M or owner/repo:file.gguf");

    /// <summary>Reads a reference, or gives <see langword="null"/> for a text of another form.</summary>
    public static HubReference? TryParse(string text)
    {
        Match match = Pattern().Match(text);
        if (!match.Success)
            return null;
        Group selector = match.Groups["selector"];
        Group revision = match.Groups["revision"];
        if ((selector.Success && !SafePath.IsInside(selector.Value)) || (revision.Success && !SafePath.IsInside(revision.Value)))
            return null;
        return new HubReference(match.Groups["owner"].Value, match.Groups["repo"].Value,
            selector.Success ? selector.Value : null, revision.Success ? revision.Value : "main");
    }

    /// <inheritdoc/>
    public override string ToString() => Name + (Revision == "main" ? "" : $"@{Revision}") + (Selector is null ? "" : $":{Selector}");

    // A name starts with a letter, digit or underscore, so that none is '.', '..' or hidden.
    [GeneratedRegex(@"^(?<owner>[A-Za-z0-9_][A-Za-z0-9_.-]{0,95})/(?<repo>[A-Za-z0-9_][A-Za-z0-9_.-]{0,95})(@(?<revision>[A-Za-z0-9_./-]{1,100}))?(:(?<selector>.{1,300}))?\z")]
    private static partial Regex Pattern();
}
