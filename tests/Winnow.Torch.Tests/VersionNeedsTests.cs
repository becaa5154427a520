using System.Text;
using Winnow.Torch.Build;

namespace Winnow.Torch.Tests;

[Collection("torch")]
public sealed class VersionNeedsTests
{
    private const string Version = "GLIBCXX_3.4.32";
    private const int FlagsAt = 64 + 16 + 4;

    [Fact]
    public void A_need_becomes_weak_and_nothing_else_changes()
    {
        byte[] image = Library(), before = [.. image];
        Assert.True(VersionNeeds.Relax(image, Version));
        Assert.Equal(2, image[FlagsAt]);
        before[FlagsAt] = 2;
        Assert.Equal(before, image);
        Assert.False(VersionNeeds.Relax(image, Version));
    }

    [Fact]
    public void Other_versions_are_left_alone()
    {
        byte[] image = Library(), before = [.. image];
        Assert.False(VersionNeeds.Relax(image, "GLIBCXX_3.4.99"));
        Assert.Equal(before, image);
    }

    [Fact]
    public void The_names_of_versions_are_found_whole()
    {
        Assert.True(VersionNeeds.Names(Library(), Version));
        Assert.False(VersionNeeds.Names(Library(), "GLIBCXX_3.4.3"));
    }

    [Fact]
    public void Files_that_are_cut_off_or_no_libraries_are_refused()
    {
        byte[] image = Library();
        Assert.Throws<InvalidDataException>(() => VersionNeeds.Relax(Encoding.ASCII.GetBytes("no library"), Version));
        for (int length = 64; length < image.Length; length += 8)
            Assert.Throws<InvalidDataException>(() => VersionNeeds.Relax(image[..length], Version));
    }

    [Fact]
    public void The_library_that_the_build_left_can_be_loaded()
    {
        TorchRuntime.Start(threads: 1, seed: 1);
        using TorchSharp.torch.Tensor ones = TorchSharp.torch.ones(3);
        Assert.Equal([1f, 1f, 1f], TensorData.ToFloats(ones));
    }

    /// <summary>Header, a need with one version, names, and two section headers.</summary>
    private static byte[] Library()
    {
        byte[] image = new byte[64 + 32 + 16 + 2 * 64];
        byte[] names = Encoding.ASCII.GetBytes("\0" + Version + "\0");
        int strings = 96, sections = 112;
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(image, 0);
        BitConverter.GetBytes((long)sections).CopyTo(image, 40);
        BitConverter.GetBytes((ushort)64).CopyTo(image, 58);
        BitConverter.GetBytes((ushort)2).CopyTo(image, 60);
        BitConverter.GetBytes((ushort)1).CopyTo(image, 64);
        BitConverter.GetBytes((ushort)1).CopyTo(image, 66);
        BitConverter.GetBytes(16u).CopyTo(image, 72);
        BitConverter.GetBytes(1u).CopyTo(image, 64 + 16 + 8);
        names.CopyTo(image, strings);
        BitConverter.GetBytes(0x6ffffffe).CopyTo(image, sections + 4);
        BitConverter.GetBytes(64L).CopyTo(image, sections + 24);
        BitConverter.GetBytes(1).CopyTo(image, sections + 40);
        BitConverter.GetBytes((long)strings).CopyTo(image, sections + 64 + 24);
        return image;
    }
}
