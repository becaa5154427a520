using System.CommandLine;
using Winnow.Caching;
using Winnow.Decoding;
using Winnow.Kernels.Attention;
using Winnow.Kernels.Linear;

namespace Winnow.Cli.Options;

/// <summary>Options that several commands share, each declared once.</summary>
internal sealed class CommonOptions
{
    /// <summary>Share that a policy keeps unless --keep says otherwise.</summary>
    public const string DefaultKeep = "25%";

    private const int WordBits = 16, ByteBits = 8;

    /// <summary>The model.</summary>
    public Option<string?> Model { get; } =
        Values.Text("--model", "FILE|DIR|NAME", $"model file, folder, or name of a pulled model [default: the variable {ModelOpener.Variable}, else the nano model that comes with the program]");

    /// <summary>The policy of a command that runs one.</summary>
    public Option<string?> Cache { get; } =
        Values.Text("--cache", "NAME[:key=value,…]", "cache policy with its options; 'winnow policies' lists them [default: full]");

    /// <summary>What a policy may keep.</summary>
    public Option<string?> Keep { get; } =
        Values.Text("--keep", "25%|N|64MiB", $"what the policy keeps: a share of the prompt, entries of each lane, or bytes [default: {DefaultKeep}]");

    /// <summary>Storage of cached entries.</summary>
    public Option<string> CacheType { get; } = new("--cache-type")
    {
        Description = "how cached keys and values are stored; two types with a colon for keys and values apart, as in q8_0:q4_0",
        HelpName = "f16|q8_0|q4_0|q4_1|f32|bf16",
        DefaultValueFactory = _ => default(EntryTypes).ToString(),
    };

    /// <summary>Threads of the forward pass.</summary>
    public Option<int> Threads { get; } = Values.Integer("--threads", "N", "threads; 0 for one on each processor", 0, most: 1024);

    /// <summary>Bits of what the weights are multiplied with.</summary>
    public Option<int> Activations { get; } = new("--activations")
    {
        Description = "bits of activations in matrix products; 8 reads prompts faster and costs some accuracy",
        HelpName = "16|8",
        DefaultValueFactory = _ => WordBits,
        CustomParser = argument => Values.ParseChoice("--activations", argument.Tokens[0].Value, [WordBits, ByteBits]),
    };

    /// <summary>Exact arithmetic.</summary>
    public Option<bool> FloatActivations { get; } =
        new("--float-activations") { Description = "computes with 32-bit activations: exact and slow, for comparisons", Hidden = true };

    /// <summary>Seed of the draws.</summary>
    public Option<int> Seed { get; } = Values.Integer("--seed", "N", "seed of the draws: the same seed gives the same text", 0);

    /// <summary>Temperature of the draws.</summary>
    public Option<float> Temperature { get; } = Values.Number("--temperature", "X", "0 always takes the likeliest token; higher is bolder", 0);

    /// <summary>Nucleus of the draws.</summary>
    public Option<float> TopP { get; } = Values.Number("--top-p", "X", "draws among the likeliest tokens that make up this share", 1);

    /// <summary>Candidates of the draws.</summary>
    public Option<int> TopK { get; } = Values.Integer("--top-k", "N", "draws among so many of the likeliest tokens; 0 for all", 0);

    /// <summary>Length of an answer.</summary>
    public Option<int> MaxTokens { get; } = Values.Integer("--max-tokens", "N", "most tokens of an answer", 256);

    /// <summary>What to answer.</summary>
    public Option<string?> Prompt { get; } = Values.Text("--prompt", "TEXT", "the question or instruction");

    /// <summary>What to answer, beside a document.</summary>
    public Option<string?> Question { get; } = Values.Text("--question", "TEXT", "what is asked of the document; the same as --prompt");

    /// <summary>A document.</summary>
    public Option<string?> File { get; } = Values.Text("--file", "PATH", "a text file: the document; '-' for standard input");

    /// <summary>What the system message says.</summary>
    public Option<string?> System { get; } = Values.Text("--system", "TEXT", "system message, where the model's template has one");

    /// <summary>One JSON value instead of text.</summary>
    public Option<bool> Json { get; } = Values.Switch("--json", "prints one JSON value on standard output and nothing else");

    /// <summary>Options of a command that draws tokens.</summary>
    public Option[] OfSampling => [MaxTokens, Temperature, TopP, TopK, Seed];

    /// <summary>How the model is loaded.</summary>
    public ModelOptions ReadModelOptions(ParseResult arguments) => new()
    {
        Threads = arguments.GetValue(Threads),
        Activations = ReadActivations(arguments),
    };

    /// <summary>Arithmetic of the matrix products.</summary>
    /// <exception cref="WinnowException">Two kinds are asked for.</exception>
    public ActivationMode ReadActivations(ParseResult arguments)
    {
        bool bytes = arguments.GetValue(Activations) == ByteBits;
        if (!arguments.GetValue(FloatActivations))
            return bytes ? ActivationMode.QuantizedByte : ActivationMode.Quantized;
        if (bytes)
            throw new WinnowException("option --activations is 8, but --float-activations asks for 32 bits; give one of the two");
        return ActivationMode.Float;
    }

    /// <summary>Storage of cached entries.</summary>
    /// <exception cref="WinnowException">There is no such type.</exception>
    public EntryTypes ReadCacheType(ParseResult arguments)
    {
        string text = arguments.GetValue(CacheType)!;
        if (EntryTypes.TryParse(text, out EntryTypes types))
            return types;
        string names = string.Join(", ", Enum.GetValues<EntryType>().Select(EntryTypes.NameOf));
        throw new WinnowException($"option --cache-type is '{text}'; it must be one of {names}, or two of them as in q8_0:q4_0 for keys and values");
    }

    /// <summary>How tokens are drawn, checked before a model is loaded.</summary>
    public GenerationOptions ReadGeneration(ParseResult arguments, int logProbabilities = -1)
    {
        SamplingOptions sampling = new()
        {
            Temperature = arguments.GetValue(Temperature),
            TopP = arguments.GetValue(TopP),
            TopK = arguments.GetValue(TopK),
            Seed = arguments.GetValue(Seed),
        };
        sampling.Validate();
        return new GenerationOptions { Sampling = sampling, MaxTokens = arguments.GetValue(MaxTokens), LogProbabilities = logProbabilities };
    }

    /// <summary>The policy of the cache, checked before a model is loaded.</summary>
    /// <exception cref="WinnowException">It cannot work, or a budget was given for no policy.</exception>
    public ChosenPolicy ReadPolicy(ParseResult arguments)
    {
        string? keep = arguments.GetValue(Keep);
        if (arguments.GetValue(Cache) is { } named)
            return PolicyCatalogue.Parse(named, Budget.Parse(keep ?? DefaultKeep));
        if (keep is not null && !Budget.Parse(keep).IsUnlimited)
            throw new WinnowException($"--keep {keep} needs a policy that decides what stays: add --cache NAME; 'winnow policies' lists them");
        return ChosenPolicy.Full;
    }
}
