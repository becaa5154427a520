using Winnow.Caching;
using Winnow.Caching.Storage;

namespace Winnow.Tests.Caching.Policies;

public sealed class StreamingLlmTests
{
    [Fact]
    public void First_and_newest_tokens_stay_and_the_window_slides()
    {
        using PolicyBench bench = H2OTests.Policy("streaming-llm:sink=2", "6", kvHeads: 2);
        bench.Prefill(10);
        Assert.Equal([0, 1, 6, 7, 8, 9], bench.Kept());
        bench.Step();
        Assert.Equal([0, 1, 7, 8, 9, 10], bench.Kept(0));
        Assert.Equal([0, 1, 7, 8, 9, 10], bench.Kept(1));
    }

    [Fact]
    public void A_short_prompt_fills_the_budget_first()
    {
        using PolicyBench bench = H2OTests.Policy("streaming-llm:sink=2", "6");
        bench.Prefill(4);
        for (int i = 0; i < 3; i++)
            bench.Step();
        Assert.Equal([0, 1, 3, 4, 5, 6], bench.Kept());
    }

    [Fact]
    public void Rolling_positions_ask_for_ranks_and_only_when_something_is_dropped()
    {
        Assert.Equal(EntryFields.Ranks, PolicyCatalogue.Parse("streaming-llm:position=rolling", Budget.Parse("25%")).Policy.Needs.AllFields);
        Assert.Equal(PositionMode.Original, PolicyCatalogue.Parse("streaming-llm:position=rolling", Budget.Unlimited).Policy.Needs.Positions);
    }
}
