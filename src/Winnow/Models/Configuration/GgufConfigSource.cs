using Winnow.Formats;

namespace Winnow.Models.Configuration;

/// <summary>Settings from GGUF metadata: keys are prefixed with the architecture's name.</summary>
internal sealed class GgufConfigSource(GgufFile file)
    : ConfigSource(file.Path, file.Metadata.GetString("general.architecture"))
{
    public override bool IsGguf => true;

    public override bool Has(ConfigKey key) => key.Gguf.Length > 0 && file.Metadata.ContainsKey(NameOf(key));

    public override string NameOf(ConfigKey key) => $"{Architecture}.{key.Gguf}";

    protected override long ReadInteger(ConfigKey key) => file.Metadata.GetInteger(NameOf(key));

    protected override double ReadNumber(ConfigKey key) => file.Metadata.GetNumber(NameOf(key));

    protected override bool ReadBool(ConfigKey key) => file.Metadata.GetBool(NameOf(key));

    protected override string ReadText(ConfigKey key) => file.Metadata.GetString(NameOf(key));
}
