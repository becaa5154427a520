using System.Runtime.Intrinsics.X86;

namespace Winnow.Kernels.Assembled;

/// <summary>
/// Kernels assembled at run time for instructions that .NET does not expose. They serve where the processor has them, the platform grants executable pages
/// and the variable <c>WINNOW_JIT</c> is not 0; elsewhere the portable kernels do, without a word.
/// </summary>
internal static unsafe class AssembledKernels
{
    /// <summary>The variable that turns them off.</summary>
    public const string Variable = "WINNOW_JIT";

    /// <summary>Whether tile products can be asked for; decided at the first question, by assembling one.</summary>
    public static bool HasWordTiles { get; } = IsWanted && HasInstructions && TileTable<Group32, WithoutMinimum>.Kernels[WordTile.MaxTokens] != null;

    private static bool IsWanted => Environment.GetEnvironmentVariable(Variable) != "0";

    // The runtime's own answer includes what the operating system saves of the vectors; leaf 7, ECX bit 11 is VNNI.
    private static bool HasInstructions =>
        Avx512BW.IsSupported && Avx512Vbmi.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;

    /// <summary>The products of tiles of 0 to <see cref="WordTile.MaxTokens"/> tokens, the first of them absent.</summary>
    public static void** WordTiles(int groupLength, bool hasMinimum) => (groupLength, hasMinimum) switch
    {
        (16, false) => TileTable<Group16, WithoutMinimum>.Kernels,
        (16, true) => TileTable<Group16, WithMinimum>.Kernels,
        (_, false) => TileTable<Group32, WithoutMinimum>.Kernels,
        _ => TileTable<Group32, WithMinimum>.Kernels,
    };

    /// <summary>A table that the runtime fills once, when a product of its kind first runs.</summary>
    private static class TileTable<TGroup, TMinimum>
        where TGroup : struct, ITileProperty
        where TMinimum : struct, ITileProperty
    {
        public static readonly void** Kernels = Assemble();

        private static void** Assemble()
        {
            var code = new List<byte>();
            Span<int> starts = stackalloc int[WordTile.MaxTokens + 1];
            for (int tokens = 1; tokens <= WordTile.MaxTokens; tokens++)
            {
                starts[tokens] = code.Count;
                code.AddRange(WordTileAssembler.Assemble(tokens, TGroup.Value, TMinimum.Value != 0));
            }
            var pages = (byte*)ExecutableMemory.Place(code.ToArray());
            // Never freed: the code lives as long as the process.
            var kernels = (void**)System.Runtime.InteropServices.NativeMemory.AllocZeroed(WordTile.MaxTokens + 1, (nuint)sizeof(void*));
            for (int tokens = 1; pages != null && tokens <= WordTile.MaxTokens; tokens++)
                kernels[tokens] = pages + starts[tokens];
            return kernels;
        }
    }

    private interface ITileProperty
    {
        static abstract int Value { get; }
    }

    private readonly struct Group16 : ITileProperty
    {
        public static int Value => 16;
    }

    private readonly struct Group32 : ITileProperty
    {
        public static int Value => 32;
    }

    private readonly struct WithMinimum : ITileProperty
    {
        public static int Value => 1;
    }

    private readonly struct WithoutMinimum : ITileProperty
    {
        public static int Value => 0;
    }
}
