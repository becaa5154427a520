// Compiled twice: into the build as a task (RoslynCodeTaskFactory, which knows neither this repository's settings nor its language version), and into the
// tests, which set WINNOW_TESTS to leave the task out.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace Winnow.Torch.Build;

    /// <summary>
/// Version needs of a 64-bit little-endian ELF library: which versions of its libraries' symbols it insists on when it is loaded (System V ABI, "Symbol
/// Versioning"). A need that is flagged weak is no longer insisted on.
/// </summary>
public static class VersionNeeds
{
    private const int SectionTypeOfNeeds = 0x6ffffffe;
    private const ushort Weak = 2;

    /// <summary>Flags the needs of one version as weak.</summary>
    /// <param name="image">The library's bytes, changed in place.</param>
    /// <param name="version">Name such as <c>GLIBCXX_3.4.32</c>.</param>
    /// <returns>Whether a need was there that was not weak already.</returns>
    /// <exception cref="InvalidDataException">The bytes are no such library, or end too early.</exception>
    public static bool Relax(byte[] image, string version)
    {
        bool changed = false;
        foreach (int at in Find(image, version))
        {
            ushort flags = BitConverter.ToUInt16(image, at + 4);
            if ((flags & Weak) != 0)
                continue;
            BitConverter.GetBytes((ushort)(flags | Weak)).CopyTo(image, at + 4);
            changed = true;
        }

        return changed;
    }

    /// <summary>Whether a library's bytes hold the name of a version.</summary>
    public static bool Names(byte[] image, string version)
    {
        byte[] name = Encoding.ASCII.GetBytes(version + "\0");
        for (int at = Array.IndexOf(image, name[0]); at >= 0 && at + name.Length <= image.Length; at = Array.IndexOf(image, name[0], at + 1))
        {
            int same = 1;
            while (same < name.Length && image[at + same] == name[same])
                same++;
            if (same == name.Length)
                return true;
        }

        return false;
    }

    private static IEnumerable<int> Find(byte[] image, string version)
    {
        if (image.Length < 64 || image[0] != 0x7f || image[1] != 'E' || image[2] != 'L' || image[3] != 'F' || image[4] != 2 || image[5] != 1)
            throw new InvalidDataException("this is no 64-bit little-endian ELF file");
        var found = new List<int>();
        long sections = BitConverter.ToInt64(image, 40);
        int size = BitConverter.ToUInt16(image, 58), count = BitConverter.ToUInt16(image, 60);
        for (int i = 0; i < count; i++)
        {
            int header = Within(image, sections + (long)i * size, 64);
            if (BitConverter.ToInt32(image, header + 4) != SectionTypeOfNeeds)
                continue;
            int strings = Within(image, sections + (long)BitConverter.ToInt32(image, header + 40) * size, 64);
            Collect(image, BitConverter.ToInt64(image, header + 24), BitConverter.ToInt64(image, strings + 24), version, found);
        }

        return found;
    }

    private static void Collect(byte[] image, long need, long strings, string version, List<int> found)
    {
        while (true)
        {
            int at = Within(image, need, 16);
            long auxiliary = need + BitConverter.ToUInt32(image, at + 8);
            for (int left = BitConverter.ToUInt16(image, at + 2); left > 0; left--)
            {
                int entry = Within(image, auxiliary, 16);
                if (TextAt(image, strings + BitConverter.ToUInt32(image, entry + 8)) == version)
                    found.Add(entry);
                auxiliary += BitConverter.ToUInt32(image, entry + 12);
            }

            uint next = BitConverter.ToUInt32(image, at + 12);
            if (next == 0)
                return;
            need += next;
        }
    }

    private static string TextAt(byte[] image, long position)
    {
        int start = Within(image, position, 1);
        int end = Array.IndexOf(image, (byte)0, start);
        return end < 0 ? throw new InvalidDataException("the file ends within a name") : Encoding.ASCII.GetString(image, start, end - start);
    }

    private static int Within(byte[] image, long position, int length)
    {
        return position >= 0 && position + length <= image.Length
            ? (int)position
            : throw new InvalidDataException("the file is cut off, or one of its tables points outside");
    }
}

#if !WINNOW_TESTS
/// <summary>
/// Lets TorchSharp's library load on systems whose C++ runtime is older than the one it was linked with (Debian 12, RHEL 9). The only symbol behind the
/// version it insists on, <c>_ZSt21ios_base_library_initv</c>, is used by no relocation, so that nothing is lost by asking less. Only the copy in the
/// output folder is changed, through a new file: the old one may be a link to the package.
/// </summary>
public sealed class RelaxVersionNeed : Microsoft.Build.Utilities.Task
{
    private static readonly string[] s_folders = { "/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/usr/local/lib64" };

    /// <summary>The library in the output folder.</summary>
    [Microsoft.Build.Framework.Required]
    public string Library { get; set; }

    /// <summary>The version it should no longer insist on.</summary>
    [Microsoft.Build.Framework.Required]
    public string Version { get; set; }

    /// <inheritdoc/>
    public override bool Execute()
    {
        string system = s_folders.Select(folder => Path.Combine(folder, "libstdc++.so.6")).FirstOrDefault(File.Exists);
        if (system == null || VersionNeeds.Names(File.ReadAllBytes(system), Version))
            return true;
        byte[] image = File.ReadAllBytes(Library);
        if (!VersionNeeds.Relax(image, Version))
            return true;
        DateTime written = File.GetLastWriteTimeUtc(Library);
        string part = Library + ".part";
        File.WriteAllBytes(part, image);
        // The same time as the package's file, so that the next build does not copy that over it.
        File.SetLastWriteTimeUtc(part, written);
        File.Delete(Library);
        File.Move(part, Library);
        Log.LogMessage(
            Microsoft.Build.Framework.MessageImportance.High,
            "{0}: {1} is made optional, because {2} is older; no symbol of that version is used", Library, Version, system);
        return true;
    }
}
#endif
