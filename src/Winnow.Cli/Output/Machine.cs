using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Winnow.Cli.Output;

/// <summary>What a speed depends on besides the program.</summary>
internal static class Machine
{
    /// <summary>Processor, instruction sets that the runtime uses, and versions.</summary>
    public static MachineJson Describe() =>
        new(CpuName(), Environment.ProcessorCount, InstructionSets(), RuntimeInformation.FrameworkDescription, RuntimeInformation.OSDescription);

    private static string CpuName()
    {
        const string cpuInfo = "/proc/cpuinfo";
        string? named = File.Exists(cpuInfo)
            ? File.ReadLines(cpuInfo).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[^1].Trim()
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return string.IsNullOrEmpty(named) ? RuntimeInformation.ProcessArchitecture.ToString() : named;
    }

    private static string[] InstructionSets() =>
    [
        .. new (string Name, bool Supported)[]
        {
            ("AVX2", Avx2.IsSupported),
            ("FMA", Fma.IsSupported),
            ("AVX-VNNI", AvxVnni.IsSupported),
            ("AVX-512F", Avx512F.IsSupported),
            ("AVX-512BW", Avx512BW.IsSupported),
            ("AVX-512VBMI", Avx512Vbmi.IsSupported),
            ("AdvSIMD", AdvSimd.IsSupported),
            ("dot product", Dp.IsSupported),
        }.Where(set => set.Supported).Select(set => set.Name),
        Vector512.IsHardwareAccelerated ? "512-bit vectors" : Vector256.IsHardwareAccelerated ? "256-bit vectors" : "128-bit vectors",
    ];
}
