namespace Winnow.Formats;

/// <summary>Judges file names that come from outside (an index, a hub) before they touch the disk.</summary>
internal static class SafePath
{
    /// <summary>Whether a name with forward slashes stays inside the folder that it is joined to, on every operating system.</summary>
    public static bool IsInside(string name) =>
        name.Length is > 0 and <= 1024
        && !name.Any(c => char.IsControl(c) || c is '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|')
        && name.Split('/').All(part => part.Length > 0 && part.Trim('.', ' ').Length > 0);
}
