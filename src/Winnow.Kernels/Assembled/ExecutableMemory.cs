using System.Runtime.InteropServices;

namespace Winnow.Kernels.Assembled;

/// <summary>
/// Puts machine code into pages of its own that are written first and made executable afterwards, never both at once. Code is shared by all threads and
/// stays until the process ends.
/// </summary>
internal static unsafe partial class ExecutableMemory
{
    private const int ReadWrite = 3, ReadExecute = 5, PrivateMapping = 2, LinuxAnonymous = 0x20, MacAnonymous = 0x1000;
    private const uint CommitAndReserve = 0x3000, Release = 0x8000, PageReadWrite = 0x04, PageExecuteRead = 0x20;

    /// <summary>Copies code into executable pages.</summary>
    /// <param name="code">Position-independent machine code.</param>
    /// <returns>Where it starts, or 0 when the platform refuses.</returns>
    public static nint Place(ReadOnlySpan<byte> code)
    {
        nuint length = (nuint)code.Length;
        byte* pages = Allocate(length);
        if (pages == null)
            return 0;
        code.CopyTo(new Span<byte>(pages, code.Length));
        if (Protect(pages, length))
            return (nint)pages;
        Free(pages, length);
        return 0;
    }

    private static byte* Allocate(nuint length)
    {
        if (OperatingSystem.IsWindows())
            return VirtualAlloc(null, length, CommitAndReserve, PageReadWrite);
        int anonymous = OperatingSystem.IsMacOS() ? MacAnonymous : LinuxAnonymous;
        byte* pages = MapPages(null, length, ReadWrite, PrivateMapping | anonymous, -1, 0);
        return pages == (byte*)-1 ? null : pages;
    }

    private static bool Protect(byte* pages, nuint length) =>
        OperatingSystem.IsWindows() ? VirtualProtect(pages, length, PageExecuteRead, out _) != 0 : ProtectPages(pages, length, ReadExecute) == 0;

    private static void Free(byte* pages, nuint length)
    {
        if (OperatingSystem.IsWindows())
            _ = VirtualFree(pages, 0, Release);
        else
            _ = UnmapPages(pages, length);
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial byte* MapPages(byte* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int ProtectPages(byte* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int UnmapPages(byte* address, nuint length);

    [LibraryImport("kernel32")]
    private static partial byte* VirtualAlloc(byte* address, nuint length, uint type, uint protection);

    [LibraryImport("kernel32")]
    private static partial int VirtualProtect(byte* address, nuint length, uint protection, out uint before);

    [LibraryImport("kernel32")]
    private static partial int VirtualFree(byte* address, nuint length, uint type);
}
