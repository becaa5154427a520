using System.Diagnostics.CodeAnalysis;

namespace Winnow.Cli;

/// <summary>Parts that a build may leave out; the compiler to native code drops what only they reach.</summary>
internal static class Features
{
    private const string TrainingSwitch = "Winnow.Cli.Training";

    /// <summary>Whether this program can train.</summary>
    [FeatureSwitchDefinition(TrainingSwitch)]
    public static bool Training => !AppContext.TryGetSwitch(TrainingSwitch, out bool included) || included;
}
