using Winnow.Caching;
using Winnow.Caching.Policies;

namespace Winnow.Tests.Caching;

public sealed class AttentionObserverTests
{
    [Fact]
    public void A_local_window_follows_the_layer_and_is_never_empty()
    {
        AttentionObserver observer = new() { PerQueryHead = true, LocalWindow = layer => layer.PromptLength / 4 };
        using PolicyBench bench = new(new StreamingLlm(1, Budget.Entries(8), PositionMode.Original));
        Assert.Equal(1, observer.Of(bench.Layer).LocalWindow);
        bench.Prefill(40);
        Assert.Equal(10, observer.Of(bench.Layer).LocalWindow);
    }

    [Theory]
    [InlineData(false, false, 1)]
    [InlineData(true, false, 3)]
    [InlineData(false, true, 2)]
    [InlineData(true, true, 6)]
    public void Channels_count_heads_and_windows_without_a_layer(bool perHead, bool window, int channels)
    {
        AttentionObserver observer = new() { PerQueryHead = perHead, LocalWindow = window ? _ => throw new InvalidOperationException() : null };
        Assert.Equal(channels, observer.Channels(group: 3));
    }
}
