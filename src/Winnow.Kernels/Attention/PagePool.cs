using System.Runtime.InteropServices;

namespace Winnow.Kernels.Attention;

/// <summary>
/// Hands out pages of one format and takes them back. Freed pages return to the system, but for a few that are kept for the next request, so that a cache
/// which drops and appends an entry at every step does not call the allocator. Safe to use from several threads.
/// </summary>
public sealed unsafe class PagePool : IDisposable
{
    private const int Spare = 256;
    private readonly Lock _lock = new();
    private readonly nint[] _spare = new nint[Spare];
    private int _spareCount;
    private bool _disposed;

    /// <summary>Creates a pool without pages.</summary>
    public PagePool(PageFormat format) => Format = format;

    /// <summary>Returns the spare pages.</summary>
    ~PagePool() => FreeSpare();

    /// <summary>Layout of every page of this pool.</summary>
    public PageFormat Format { get; }

    /// <summary>Pages that sequences hold; a page shared by several counts once.</summary>
    public int LivePages { get; private set; }

    /// <summary>Bytes of keys and values in <see cref="LivePages"/>.</summary>
    public long LiveBytes => (long)LivePages * Format.PayloadBytes;

    /// <summary>A zeroed page with one reference.</summary>
    public KvPage Rent()
    {
        byte* pointer = null;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            LivePages++;
            if (_spareCount > 0)
                pointer = (byte*)_spare[--_spareCount];
        }

        if (pointer is null)
            pointer = (byte*)NativeMemory.AlignedAlloc((nuint)Format.AllocatedBytes, 64);
        // Slots past a lane's end enter the tile arithmetic before they are masked, so they must hold finite numbers.
        NativeMemory.Clear(pointer, (nuint)Format.AllocatedBytes);
        *(int*)pointer = 1;
        return new KvPage(pointer);
    }

    /// <summary>Adds a holder to a page.</summary>
    public static void Share(KvPage page) => Interlocked.Increment(ref page.ReferenceCount);

    /// <summary>A page that the caller may write: the same one if it is the only holder, else a copy, with the caller's reference moved over.</summary>
    public KvPage MakeOwned(KvPage page)
    {
        if (page.References == 1)
            return page;
        KvPage copy = Rent();
        NativeMemory.Copy(page.Keys, copy.Keys, (nuint)Format.PayloadBytes);
        Release(page);
        return copy;
    }

    /// <summary>Gives up one reference; the last one frees the page.</summary>
    public void Release(KvPage page)
    {
        if (Interlocked.Decrement(ref page.ReferenceCount) > 0)
            return;
        lock (_lock)
        {
            LivePages--;
            if (!_disposed && _spareCount < Spare)
            {
                _spare[_spareCount++] = (nint)page.Pointer;
                return;
            }
        }

        NativeMemory.AlignedFree(page.Pointer);
    }

    /// <summary>Frees the spare pages. Pages still held are freed when their holders release them.</summary>
    public void Dispose()
    {
        FreeSpare();
        GC.SuppressFinalize(this);
    }

    private void FreeSpare()
    {
        lock (_lock)
        {
            _disposed = true;
            while (_spareCount > 0)
                NativeMemory.AlignedFree((void*)_spare[--_spareCount]);
        }
    }
}
