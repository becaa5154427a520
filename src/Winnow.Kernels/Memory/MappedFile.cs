using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Winnow.Kernels.Memory;

/// <summary>A file mapped read-only into memory. Pages are loaded by the system when first touched and shared between processes.</summary>
public sealed unsafe class MappedFile : IDisposable
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
}
