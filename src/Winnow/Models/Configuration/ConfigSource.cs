namespace Winnow.Models.Configuration;

/// <summary>Typed access to the settings of a checkpoint, whichever of the two formats it has. Every value is checked against a range.</summary>
internal abstract class ConfigSource(string path, string architecture)
{
    /// <summary>File or folder, for messages.</summary>
    public string Path => path;

    /// <summary>Architecture as the checkpoint names it.</summary>
    public string Architecture => architecture;

    /// <summary>Whether names and weights follow the conventions of GGUF.</summary>
    public abstract bool IsGguf { get; }

    public abstract bool Has(ConfigKey key);

    /// <summary>An integer that must be there.</summary>
    public int Integer(ConfigKey key, int least, int most)
    {
        if (!Has(key))
            throw Broken($"setting '{NameOf(key)}' is missing; the file is incomplete or of another architecture");
        long value = ReadInteger(key);
        return value >= least && value <= most
            ? (int)value
            : throw Broken($"setting '{NameOf(key)}' is {value} where {least} to {most} is possible; the file is broken, download or convert it again");
    }

    /// <summary>An integer, or the fallback where it is missing.</summary>
    public int IntegerOr(ConfigKey key, int fallback, int least, int most) => Has(key) ? Integer(key, least, most) : fallback;

    /// <summary>A finite number that is at least <paramref name="least"/>, or the fallback where it is missing.</summary>
    public double NumberOr(ConfigKey key, double fallback, double least, double most = 1e30)
    {
        if (!Has(key))
            return fallback;
        double value = ReadNumber(key);
        return value >= least && value <= most
            ? value
            : throw Broken($"setting '{NameOf(key)}' is {value} where {least} to {most} is possible; the file is broken, download or convert it again");
    }

    public bool BoolOr(ConfigKey key, bool fallback) => Has(key) ? ReadBool(key) : fallback;

    public string TextOr(ConfigKey key, string fallback) => Has(key) ? ReadText(key) : fallback;

    /// <summary>An error that begins with the file's name.</summary>
    public WinnowException Broken(string sentence) => new($"{path}: {sentence}");

    /// <summary>The setting as this format calls it.</summary>
    public abstract string NameOf(ConfigKey key);

    protected abstract long ReadInteger(ConfigKey key);

    protected abstract double ReadNumber(ConfigKey key);

    protected abstract bool ReadBool(ConfigKey key);

    protected abstract string ReadText(ConfigKey key);
}
