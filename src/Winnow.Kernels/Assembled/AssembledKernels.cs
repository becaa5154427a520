using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Winnow.Kernels.Blocks;

namespace Winnow.Kernels.Assembled;

/// <summary>
/// Kernels assembled at run time for instructions that .NET does not expose. They serve where the processor has them, the platform grants executable pages
/// and the variable <c>WINNOW_JIT</c> is not 0; elsewhere the portable kernels do, without a word.
/// </summary>
internal static unsafe class AssembledKernels
{
    /// <summary>The variable that turns them off.</summary>
    public const string Variable = "WINNOW_JIT";

    /// <summary>
    /// Whether assembled kernels can be asked for; decided at the first question, by placing a single return. Each kind is assembled when it is first used, so
    /// that a start does not wait for kinds that its model never meets.
    /// </summary>
    public static bool IsSupported { get; } = IsWanted && HasInstructions && ExecutableMemory.Place([0xC3]) != 0;

    private static bool IsWanted => Environment.GetEnvironmentVariable(Variable) != "0";

    // The runtime's own answer includes what the operating system saves of the vectors; leaf 7, ECX bit 11 is VNNI.
    private static bool HasInstructions =>
        Avx512BW.IsSupported && Avx512Vbmi.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;

    /// <summary>The products of tiles of 1 to <see cref="WordTile.MaxTokens"/> tokens.</summary>
    public static void** WordTiles(int groupLength, bool hasMinimum) => (groupLength, hasMinimum) switch
    {
        (16, false) => TileTable<Group16, WithoutMinimum>.Kernels,
        (16, true) => TileTable<Group16, WithMinimum>.Kernels,
        (_, false) => TileTable<Group32, WithoutMinimum>.Kernels,
        _ => TileTable<Group32, WithMinimum>.Kernels,
    };

    /// <summary>The products of tiles of 1 to <see cref="WordTile.MaxTokens"/> tokens with packed weights of a type and inputs of two bytes.</summary>
    public static void** PackedTiles(TensorType type) => Tiles<TwoBytes>(type);

    /// <summary>The same with inputs of one byte.</summary>
    public static void** ByteTiles(TensorType type) => Tiles<OneByte>(type);

    /// <summary>The table of <see cref="HalfTile"/>.</summary>
    public static void** HalfTiles => HalfTable.Kernels;

    /// <summary>The table of <see cref="WordProduct"/>.</summary>
    public static void** WordProducts => WordTable.Kernels;

    private static void** Tiles<TInputBytes>(TensorType type)
        where TInputBytes : struct, ITileProperty => type switch
    {
        TensorType.Q4_0 => PackedTable<TInputBytes, Type4_0>.Kernels,
        TensorType.Q4_1 => PackedTable<TInputBytes, Type4_1>.Kernels,
        TensorType.Q5_0 => PackedTable<TInputBytes, Type5_0>.Kernels,
        TensorType.Q5_1 => PackedTable<TInputBytes, Type5_1>.Kernels,
        TensorType.Q4_K => PackedTable<TInputBytes, Type4_K>.Kernels,
        TensorType.Q5_K => PackedTable<TInputBytes, Type5_K>.Kernels,
        TensorType.Q6_K => PackedTable<TInputBytes, Type6_K>.Kernels,
        _ => PackedTable<TInputBytes, Type8_0>.Kernels,
    };

    /// <summary>Assembles kernels into common pages and returns where each starts.</summary>
    /// <exception cref="OutOfMemoryException">The platform, which granted a page before, grants no more.</exception>
    private static void** Place(int count, Func<int, byte[]> assemble)
    {
        var code = new List<byte>();
        var starts = new int[count];
        for (int i = 0; i < count; i++)
        {
            starts[i] = code.Count;
            code.AddRange(assemble(i));
        }
        var pages = (byte*)ExecutableMemory.Place(code.ToArray());
        if (pages == null)
            throw new OutOfMemoryException($"no executable memory for {code.Count} bytes of kernels; set {Variable}=0 to do without them");
        // Never freed: the code lives as long as the process.
        var kernels = (void**)NativeMemory.Alloc((nuint)count, (nuint)sizeof(void*));
        for (int i = 0; i < count; i++)
            kernels[i] = pages + starts[i];
        return kernels;
    }

    private static void** PlaceRows(Func<int, int, byte[]> assemble) =>
        Place(RowTile.Kernels, i => assemble(i / RowTile.MaxVectors + 1, i % RowTile.MaxVectors + 1));

    /// <summary>A table that the runtime fills once, when a product of its kind first runs.</summary>
    private static class TileTable<TGroup, TMinimum>
        where TGroup : struct, ITileProperty
        where TMinimum : struct, ITileProperty
    {
        public static readonly void** Kernels =
            Place(WordTile.MaxTokens, i => WordTileAssembler.Assemble(i + 1, TGroup.Value, TMinimum.Value != 0));
    }

    private static class PackedTable<TInputBytes, TType>
        where TInputBytes : struct, ITileProperty
        where TType : struct, ITileProperty
    {
        public static readonly void** Kernels = Place(WordTile.MaxTokens, i => Assemble(i + 1, (TensorType)TType.Value));

        private static byte[] Assemble(int tokens, TensorType type) =>
            TInputBytes.Value == 1 ? ByteTileAssembler.Assemble(tokens, type) : PackedTileAssembler.Assemble(tokens, type);
    }

    // Classes without type arguments: one that is generic over an assembler, a class, would be looked up at each product.
    private static class HalfTable
    {
        public static readonly void** Kernels = PlaceRows(HalfTileAssembler.Assemble);
    }

    private static class WordTable
    {
        public static readonly void** Kernels = PlaceRows(WordProductAssembler.Assemble);
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

    private readonly struct OneByte : ITileProperty
    {
        public static int Value => 1;
    }

    private readonly struct TwoBytes : ITileProperty
    {
        public static int Value => 2;
    }

    private readonly struct Type4_0 : ITileProperty
    {
        public static int Value => (int)TensorType.Q4_0;
    }

    private readonly struct Type4_1 : ITileProperty
    {
        public static int Value => (int)TensorType.Q4_1;
    }

    private readonly struct Type5_0 : ITileProperty
    {
        public static int Value => (int)TensorType.Q5_0;
    }

    private readonly struct Type5_1 : ITileProperty
    {
        public static int Value => (int)TensorType.Q5_1;
    }

    private readonly struct Type8_0 : ITileProperty
    {
        public static int Value => (int)TensorType.Q8_0;
    }

    private readonly struct Type4_K : ITileProperty
    {
        public static int Value => (int)TensorType.Q4_K;
    }

    private readonly struct Type5_K : ITileProperty
    {
        public static int Value => (int)TensorType.Q5_K;
    }

    private readonly struct Type6_K : ITileProperty
    {
        public static int Value => (int)TensorType.Q6_K;
    }
}
