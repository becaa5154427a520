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

    /// <summary>Whether tile products can be asked for; decided at the first question, by assembling one.</summary>
    public static bool HasWordTiles { get; } = IsWanted && HasInstructions && TileTable<Group32, WithoutMinimum>.Kernels[WordTile.MaxTokens] != null;

    /// <summary>Whether products with halves can be asked for; decided at the first question, by assembling them.</summary>
    public static bool HasHalfTiles { get; } = IsWanted && HasInstructions && HalfTileTable.Kernels[0] != null;

    /// <summary>Whether products of 16-bit integers can be asked for.</summary>
    public static bool HasWordProducts { get; } = IsWanted && HasInstructions && WordProductTable.Kernels[0] != null;

    /// <summary>Whether products with packed weights can be asked for.</summary>
    public static bool HasPackedTiles => HasWordTiles;

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

    /// <summary>The products of tiles of 0 to <see cref="WordTile.MaxTokens"/> tokens with packed weights of a type, the first of them absent.</summary>
    public static void** PackedTiles(TensorType type) => type switch
    {
        TensorType.Q4_0 => PackedTable<Type4_0>.Kernels,
        TensorType.Q4_1 => PackedTable<Type4_1>.Kernels,
        TensorType.Q5_0 => PackedTable<Type5_0>.Kernels,
        TensorType.Q5_1 => PackedTable<Type5_1>.Kernels,
        _ => PackedTable<Type8_0>.Kernels,
    };

    /// <summary>The same with inputs of one byte.</summary>
    public static void** ByteTiles(TensorType type) => type switch
    {
        TensorType.Q4_0 => ByteTable<Type4_0>.Kernels,
        TensorType.Q4_1 => ByteTable<Type4_1>.Kernels,
        TensorType.Q5_0 => ByteTable<Type5_0>.Kernels,
        TensorType.Q5_1 => ByteTable<Type5_1>.Kernels,
        _ => ByteTable<Type8_0>.Kernels,
    };

    /// <summary>The product of a tile of so many rows and vectors.</summary>
    public static void* HalfTile(int rows, int vectors) => HalfTileTable.Kernels[HalfTileTable.Index(rows, vectors)];

    /// <summary>The product of 16-bit integers of so many rows and vectors.</summary>
    public static void* WordProduct(int rows, int vectors) => WordProductTable.Kernels[WordProductTable.Index(rows, vectors)];

    /// <summary>Assembles kernels into common pages and returns where each starts, or nulls when the platform refuses.</summary>
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
        // Never freed: the code lives as long as the process.
        var kernels = (void**)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(void*));
        for (int i = 0; pages != null && i < count; i++)
            kernels[i] = pages + starts[i];
        return kernels;
    }

    /// <summary>A table that the runtime fills once, when a product of its kind first runs.</summary>
    private static class TileTable<TGroup, TMinimum>
        where TGroup : struct, ITileProperty
        where TMinimum : struct, ITileProperty
    {
        // A tile of no tokens does not exist; its place holds the code of one token.
        public static readonly void** Kernels =
            Place(WordTile.MaxTokens + 1, tokens => WordTileAssembler.Assemble(Math.Max(1, tokens), TGroup.Value, TMinimum.Value != 0));
    }

    private static class PackedTable<TType>
        where TType : struct, ITileProperty
    {
        public static readonly void** Kernels =
            Place(WordTile.MaxTokens + 1, tokens => PackedTileAssembler.Assemble(Math.Max(1, tokens), (TensorType)TType.Value));
    }

    private static class ByteTable<TType>
        where TType : struct, ITileProperty
    {
        public static readonly void** Kernels =
            Place(WordTile.MaxTokens + 1, tokens => ByteTileAssembler.Assemble(Math.Max(1, tokens), (TensorType)TType.Value));
    }

    private static class HalfTileTable
    {
        public static readonly void** Kernels = Place(
            Assembled.HalfTile.MaxRows * Assembled.HalfTile.MaxVectors,
            i => HalfTileAssembler.Assemble(i / Assembled.HalfTile.MaxVectors + 1, i % Assembled.HalfTile.MaxVectors + 1));

        public static int Index(int rows, int vectors) => (rows - 1) * Assembled.HalfTile.MaxVectors + vectors - 1;
    }

    private static class WordProductTable
    {
        public static readonly void** Kernels = Place(
            Assembled.WordProduct.MaxRows * Assembled.WordProduct.MaxVectors,
            i => WordProductAssembler.Assemble(i / Assembled.WordProduct.MaxVectors + 1, i % Assembled.WordProduct.MaxVectors + 1));

        public static int Index(int rows, int vectors) => (rows - 1) * Assembled.WordProduct.MaxVectors + vectors - 1;
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
}
