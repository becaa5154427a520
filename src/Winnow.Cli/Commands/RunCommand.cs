using System.CommandLine;
using Winnow.Caching;
using Winnow.Cli.Generation;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Decoding;
using Winnow.Kernels.Attention;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow run</c>: one prompt, one answer.</summary>
internal sealed class RunCommand : WinnowCommand
{
    private const int NoLogProbabilities = -1;

    private readonly CommonOptions _common;
    private readonly Option<string?> _promptFile = Values.Text("--prompt-file", "PATH", "reads the prompt from a file");
    private readonly Option<bool> _raw = Values.Switch("--raw", "sends the text as it is, without the model's chat template");
    private readonly Option<int?> _logProbabilities = new("--logprobs")
    {
        Description = "adds the top N log-probabilities of every generated token",
        HelpName = "N",
        CustomParser = argument => Values.ParseInteger("--logprobs", argument.Tokens[0].Value, 0, 1000),
    };

    public RunCommand(Terminal terminal, CommonOptions common)
        : base("run", "Answers one prompt, over a document if there is one.", terminal)
    {
        _common = common;
        AddAll([common.Model, common.Prompt, common.Question, _promptFile, common.File, common.System, _raw, common.Cache, common.Keep, common.CacheType]);
        AddAll(common.OfSampling);
        AddAll(_logProbabilities, common.Threads, common.Activations, common.FloatActivations, common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("a question", "winnow run --prompt \"Name three rivers in France.\""),
        new("a question over a document, keeping a quarter of the cache", "winnow run --file report.txt --question \"Who signed it?\" --cache snapkv --keep 25%"),
        new("a document from another program", "git log | winnow run --prompt \"What changed?\" --cache sage-kv --keep 1024"),
        new("the same text as it is, and figures for a script", "winnow run --raw --prompt \"Once upon a time\" --max-tokens 50 --json"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        ChosenPolicy policy = _common.ReadPolicy(arguments);
        EntryTypes entries = _common.ReadCacheType(arguments);
        int? ranked = arguments.GetValue(_logProbabilities);
        bool json = arguments.GetValue(_common.Json);
        GenerationOptions generation = _common.ReadGeneration(arguments, ranked ?? NoLogProbabilities);
        using LanguageModel model = ModelOpener.Load(arguments, _common, Terminal);
        PromptText prompt = PromptSource.Read(arguments, _common, _promptFile, Terminal);
        bool raw = arguments.GetValue(_raw);
        if (raw && arguments.GetValue(_common.System) is not null)
            throw new WinnowException("--system has no place with --raw, which sends the text as it is; drop one of them");
        PromptTokens tokens = new PromptRenderer(model.Tokenizer, raw).EncodePrompt(arguments.GetValue(_common.System), prompt.Document, prompt.Question);
        using Sequence sequence = model.CreateSequence(policy, entries);
        Answer answer = Answer.Generate(model, sequence, tokens, generation, Terminal, json ? null : Stream);
        if (json)
            JsonOutput.Write(Terminal, answer.ToJson(ranked is not null), context => context.RunJson);
        else
            Finish(answer, policy, model, ranked is not null);
        return Terminal.Interrupts.Requested ? ExitCodes.Interrupted : ExitCodes.Success;
    }

    private void Stream(string text)
    {
        Terminal.Out.Write(text);
        Terminal.Out.Flush();
    }

    private void Finish(Answer answer, ChosenPolicy policy, LanguageModel model, bool ranked)
    {
        if (!answer.Text.EndsWith('\n'))
            Terminal.Out.WriteLine();
        if (ranked)
            LogProbabilityTable.Print(Terminal.OutConsole(), model.Tokenizer, answer.Ranked);
        Terminal.Out.Flush();
        string stopped = Terminal.Interrupts.Requested ? "stopped · " : "";
        Terminal.Note($"{stopped}{answer.Summary(policy.Descriptor.Name)}");
    }
}
