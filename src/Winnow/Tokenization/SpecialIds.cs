namespace Winnow.Tokenization;

/// <summary>The ids with a meaning of their own.</summary>
internal sealed record SpecialIds(int? Bos, int? Eos, int? Unknown, int? Pad, IReadOnlySet<int> EndOfGeneration)
{
    /// <summary>How the families write the end of an answer; vocabularies often name only one of several in their metadata.</summary>
    private static readonly HashSet<string> s_endings = new(StringComparer.Ordinal)
    {
        "</s>", "<eos>", "<EOT>", "<|eot|>", "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<|endoftext|>", "<|end_of_text|>",
        "<|end_of_turn|>", "<end_of_turn>", "<|END_OF_TURN_TOKEN|>", "<｜end▁of▁sentence｜>", "<|return|>", "<|call|>", "<turn|>",
    };

    /// <summary>Checks the ids against the vocabulary and collects the endings.</summary>
    /// <exception cref="WinnowException">An id is outside the vocabulary.</exception>
    public static SpecialIds From(TokenizerData data)
    {
        var endings = new HashSet<int>();
        foreach ((string name, int? id) in (ReadOnlySpan<(string, int?)>)
            [("BOS", data.BosId), ("EOS", data.EosId), ("end of turn", data.EotId), ("unknown", data.UnknownId), ("padding", data.PadId)])
        {
            if (id is int value && (value < 0 || value >= data.Tokens.Count))
                throw new WinnowException($"the tokenizer's {name} id {value} is outside its vocabulary of {data.Tokens.Count} tokens; the file is broken");
        }
        if (data.EosId is int eos)
            endings.Add(eos);
        if (data.EotId is int eot)
            endings.Add(eot);
        for (int id = 0; id < data.Tokens.Count && data.Kinds is not null; id++)
        {
            if (data.Kinds[id] is TokenKind.Control or TokenKind.UserDefined && s_endings.Contains(data.Tokens[id]))
                endings.Add(id);
        }
        return new SpecialIds(data.BosId, data.EosId, data.UnknownId, data.PadId, endings);
    }
}
