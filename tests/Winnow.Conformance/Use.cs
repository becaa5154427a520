using Winnow.Caching;

namespace Winnow.Conformance;

/// <summary>A column of the table.</summary>
/// <param name="Title">Its head.</param>
/// <param name="Meaning">What a tick says.</param>
/// <param name="Feature">The declaration that it is compared with; none where nothing is declared and the observation stands alone.</param>
/// <param name="Probe">Puts a policy to the use.</param>
internal sealed record Use(string Title, string Meaning, CacheFeatures Feature, Func<Probes, PolicyRow, Outcome> Probe)
{
    /// <summary>The columns.</summary>
    public static IReadOnlyList<Use> All { get; } =
    [
        new("prefix reuse", "The beginning that prompts share is read once (`PrefillPrefix`), the sequence forked, and the rest of each prompt read: every prompt "
            + "ends as if it had been read at once, and keeps the same entries. That holds for policies that decide at the prompt's end.",
            CacheFeatures.PrefixReuse, (probes, row) => probes.PrefixReuse(row)),
        new("fork", "A text goes on in two ways, each as if it were alone, to the last bit.", CacheFeatures.Fork, (probes, row) => probes.Fork(row)),
        new("rollback", "Back to a position in the middle of the prompt after the policy has acted, with the same logits as then, to the last bit.",
            CacheFeatures.Rollback, (probes, row) => probes.Rollback(row)),
        new("rollback in the answer", "Back to an earlier token of the answer, with the same logits as then, to the last bit.",
            CacheFeatures.None, (probes, row) => probes.RollbackInAnswer(row)),
        new("q8_0", "Entries of 8 bits: the first layer keeps 95 % of the tokens that it keeps with 32-bit entries, in less than a third of the bytes.",
            CacheFeatures.QuantisedEntries, (probes, row) => probes.EightBits(row)),
        new("q4_0", "Entries of 4 bits: the same for 60 % of the tokens, where chance is 50 %, in less than a sixth of the bytes. "
            + "Policies that choose between heads are the least stable here, since the heads of a random model hardly differ.",
            CacheFeatures.QuantisedEntries, (probes, row) => probes.FourBits(row)),
        new("batch", "Three sequences of different lengths step together: which others are beside a sequence changes nothing, to the last bit, and logits and "
            + "entries are those of the sequence alone, but for rounding.", CacheFeatures.None, (probes, row) => probes.Batch(row)),
        new("GQA", "Three query heads share a KV head: the budget holds, and a budget of 100 % equals the full cache to the last bit.",
            CacheFeatures.GroupedQueries, (probes, row) => probes.GroupedQueries(row)),
        new("sliding window", "Every layer sees 64 tokens: the same as for GQA.", CacheFeatures.SlidingWindow, (probes, row) => probes.SlidingWindow(row)),
        new("chunked prefill", "A prompt in chunks of 100 tokens and in one piece: the same entries stay, and logits differ by rounding only.",
            CacheFeatures.ChunkedPrefill, (probes, row) => probes.Chunks(row)),
        new("beyond the window", "A text longer than the model's window is read and answered.", CacheFeatures.BeyondWindow, (probes, row) => probes.BeyondWindow(row)),
        new("decode-time eviction", "Lanes hold their size while an answer of 200 tokens grows; *partly* where some lanes do, or grow more slowly than the answer.",
            CacheFeatures.None, (probes, row) => probes.DecodeTimeEviction(row)),
    ];
}
