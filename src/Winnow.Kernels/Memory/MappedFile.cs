using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Winnow.Kernels.Memory;

/// <summary>A file mapped read-only into memory. Pages are loaded by the system when first touched and shared between processes.</summary>
public sealed unsafe partial class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private bool _disposed;

    /// <summary>Maps the whole file.</summary>
    /// <exception cref="IOException">The file is missing, unreadable or empty.</exception>
    public MappedFile(string path)
    {
        using SafeFileHandle handle = File.OpenHandle(path);
        // Of the opened file: a link, which caches of models are full of, has a length of its own.
        long length = RandomAccess.GetLength(handle);
        if (length == 0)
            throw new IOException($"{path}: the file is empty");
        _file = MemoryMappedFile.CreateFromFile(handle, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        Bytes = new NativeBytes(pointer + _view.PointerOffset, length);
    }

    /// <summary>The file's content. Invalid after <see cref="Dispose"/>.</summary>
    public NativeBytes Bytes { get; }

    /// <summary>
    /// Takes the file's pages out of the process, which gets them back from the system's cache when it reads them again: for content that has been copied
    /// in another form. Does nothing where the system has no such advice.
    /// </summary>
    public void ReleasePages()
    {
        const int notNeeded = 4;
        if (OperatingSystem.IsLinux() && !_disposed)
            _ = Advise(Bytes.Pointer, (nuint)Bytes.Length, notNeeded);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(byte* address, nuint length, int advice);
}
