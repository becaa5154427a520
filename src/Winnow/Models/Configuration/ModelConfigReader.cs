namespace Winnow.Models.Configuration;

/// <summary>Reads what all families have in common; a family then adapts the result to its own conventions.</summary>
internal static class ModelConfigReader
{
    private const int MaxLayers = 4096;
    private const int MaxWidth = 1 << 20;
    private const int MaxHeads = 1 << 14;
    private const int MaxContext = 1 << 28;

    private static readonly ConfigKey Layers = new("block_count", "num_hidden_layers");
    private static readonly ConfigKey Width = new("embedding_length", "hidden_size");
    private static readonly ConfigKey FeedForwardWidth = new("feed_forward_length", "intermediate_size");
    private static readonly ConfigKey OptFeedForwardWidth = new("feed_forward_length", "ffn_dim");
    private static readonly ConfigKey QueryHeads = new("attention.head_count", "num_attention_heads");
    private static readonly ConfigKey KvHeads = new("attention.head_count_kv", "num_key_value_heads");
    private static readonly ConfigKey HeadDim = new("attention.key_length", "head_dim");
    private static readonly ConfigKey ValueDim = new("attention.value_length", "");
    private static readonly ConfigKey ContextLength = new("context_length", "max_position_embeddings");
    private static readonly ConfigKey RmsEpsilon = new("attention.layer_norm_rms_epsilon", "rms_norm_eps");
    private static readonly ConfigKey LayerNormEpsilon = new("attention.layer_norm_epsilon", "layer_norm_eps");
    private static readonly ConfigKey VocabularySize = new("", "vocab_size");
    private static readonly ConfigKey TiedEmbeddings = new("", "tie_word_embeddings");
    private static readonly ConfigKey Activation = new("", "hidden_act");

    /// <summary>Reads and checks the configuration.</summary>
    /// <param name="source">Settings of the checkpoint.</param>
    /// <param name="embeddingRows">Rows of the embedding matrix.</param>
    /// <param name="contextLength">Tokens asked for; zero for what the model was made for.</param>
    /// <param name="activation">The family's non-linearity where the checkpoint names none.</param>
    public static ModelConfig Read(ConfigSource source, int embeddingRows, int contextLength, FeedForwardActivation activation)
    {
        int width = source.Integer(Width, 1, MaxWidth);
        int queryHeads = source.Integer(QueryHeads, 1, MaxHeads);
        int kvHeads = source.IntegerOr(KvHeads, queryHeads, 1, MaxHeads);
        if (queryHeads % kvHeads != 0)
            throw source.Broken($"{queryHeads} query heads cannot share {kvHeads} key/value heads evenly; the file is broken, download or convert it again");
        int headDim = ReadHeadDim(source, width, queryHeads);
        int trained = source.Integer(ContextLength, 1, MaxContext);
        int vocabulary = source.IntegerOr(VocabularySize, embeddingRows, 1, int.MaxValue);
        if (vocabulary != embeddingRows)
            throw source.Broken(
                $"setting 'vocab_size' is {vocabulary} but the embedding has {embeddingRows} rows; config.json and weights do not belong together");
        return new ModelConfig
        {
            Architecture = source.Architecture,
            Layers = source.Integer(Layers, 1, MaxLayers),
            Width = width,
            FeedForwardWidth = source.Integer(source.Has(FeedForwardWidth) ? FeedForwardWidth : OptFeedForwardWidth, 1, MaxWidth),
            QueryHeads = queryHeads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            VocabularySize = vocabulary,
            ContextLength = contextLength > 0 ? Math.Min(contextLength, trained) : trained,
            TrainedContextLength = trained,
            NormEpsilon = (float)source.NumberOr(source.Has(RmsEpsilon) ? RmsEpsilon : LayerNormEpsilon, 1e-5, 0, 1),
            AttentionScale = (float)(1 / Math.Sqrt(headDim)),
            TiedEmbeddings = source.BoolOr(TiedEmbeddings, false),
            Activation = ReadActivation(source, activation),
        };
    }

    private static int ReadHeadDim(ConfigSource source, int width, int queryHeads)
    {
        if (!source.Has(HeadDim) && width % queryHeads != 0)
            throw source.Broken($"a width of {width} does not divide among {queryHeads} heads; the file is broken, download or convert it again");
        int headDim = source.IntegerOr(HeadDim, width / queryHeads, 1, MaxHeads);
        int valueDim = source.IntegerOr(ValueDim, headDim, 1, MaxHeads);
        return valueDim == headDim
            ? headDim
            : throw source.Broken($"keys have {headDim} channels and values {valueDim}; models whose two sizes differ are not supported");
    }

    private static FeedForwardActivation ReadActivation(ConfigSource source, FeedForwardActivation fallback)
    {
        ConfigKey key = source.Has(Activation) ? Activation : Activation with { HuggingFace = "activation_function" };
        if (!source.Has(key))
            key = Activation with { HuggingFace = "hidden_activation" };
        if (!source.Has(key))
            return fallback;
        return source.TextOr(key, "") switch
        {
            "silu" or "swish" => FeedForwardActivation.Silu,
            // The first Gemma 2 files say "gelu" under hidden_act and mean the tanh form, which hidden_activation names.
            "gelu" when fallback == FeedForwardActivation.GeluTanh => FeedForwardActivation.GeluTanh,
            "gelu" => FeedForwardActivation.GeluErf,
            "gelu_pytorch_tanh" or "gelu_new" or "gelu_fast" => FeedForwardActivation.GeluTanh,
            "relu" => FeedForwardActivation.Relu,
            string other => throw source.Broken($"activation '{other}' is not supported; known are silu, gelu, gelu_pytorch_tanh, gelu_new, gelu_fast, relu"),
        };
    }
}
