namespace Winnow.Tokenization.Json;

/// <summary>Reads <c>post_processor</c>: the tokens that stand before and after a text.</summary>
internal sealed record JsonPostProcessor(IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix)
{
    /// <summary>The rule, or null where the file has none.</summary>
    /// <exception cref="WinnowException">A kind is not supported.</exception>
    public static JsonPostProcessor? Read(JsonPart? part, int vocabularySize)
    {
        JsonPostProcessor? rule = null;
        foreach (JsonPart one in part?.Flattened("processors") ?? [])
        {
            switch (one.Type)
            {
                case "ByteLevel":
                    break;
                case "TemplateProcessing":
                    rule = Template(one);
                    break;
                case "RobertaProcessing" or "BertProcessing":
                    rule = new JsonPostProcessor([PairId(one.Require("cls"))], [PairId(one.Require("sep"))]);
                    break;
                default:
                    throw one.Unsupported("post-processor");
            }
        }
        foreach (int id in rule is null ? [] : rule.Prefix.Concat(rule.Suffix))
        {
            if (id < 0 || id >= vocabularySize)
                throw part!.Value.Error($"adds the token id {id}, which is outside the vocabulary of {vocabularySize} tokens");
        }
        return rule;
    }

    private static JsonPostProcessor Template(JsonPart part)
    {
        List<int> prefix = [];
        List<int> suffix = [];
        List<int> current = prefix;
        foreach (JsonPart item in part.Require("single").Items())
        {
            if (item.Get("Sequence") is not null)
                current = suffix;
            else
                current.AddRange(Ids(part, item.Require("SpecialToken").Require("id").Text()));
        }
        return new JsonPostProcessor(prefix, suffix);
    }

    private static IEnumerable<int> Ids(JsonPart part, string name) =>
        part.Require("special_tokens").Require(name).Require("ids").Items().Select(id => id.Whole());

    private static int PairId(JsonPart pair)
    {
        JsonPart[] parts = [.. pair.Items()];
        return parts.Length == 2 ? parts[1].Whole() : throw pair.Error("is not a token and its id");
    }
}
