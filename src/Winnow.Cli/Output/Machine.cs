using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Winnow.Cli.Output;

/// <summary>What figures were measured on.</summary>
internal static class Machine
{
    /// <summary>Processor, instruction sets that kernels use, runtime and system.</summary>
    public static MachineJson Describe() => new(
        Processor(), Environment.ProcessorCount, [.. InstructionSets()], RuntimeInformation.FrameworkDescription, RuntimeInformation.OSDescription);

    /// <summary>Bytes of a model's file, or of all files in its folder.</summary>
    public static long SizeOf(string path) => Directory.Exists(path)
        ? new DirectoryInfo(path).EnumerateFiles("*.safetensors").Sum(file => file.Length)
        : new FileInfo(path).Length;

    private static IEnumerable<string> InstructionSets()
    {
        (string Name, bool Supported)[] sets =
        [
            ("AVX2", Avx2.IsSupported), ("FMA", Fma.IsSupported), ("AVX-VNNI", AvxVnni.IsSupported), ("AVX-512F", Avx512F.IsSupported),
            ("AVX-512BW", Avx512BW.IsSupported), ("AdvSimd", AdvSimd.IsSupported), ("DotProd", Dp.IsSupported),
        ];
        return sets.Where(set => set.Supported).Select(set => set.Name);
    }

    private static string Processor()
    {
        const string cpuInfo = "/proc/cpuinfo";
        string? line = File.Exists(cpuInfo) ? File.ReadLines(cpuInfo).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
            ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
            ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
