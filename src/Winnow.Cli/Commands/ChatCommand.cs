using System.CommandLine;
using Winnow.Caching;
using Winnow.Cli.Generation;
using Winnow.Cli.Options;
using Winnow.Cli.Output;
using Winnow.Decoding;
using Winnow.Kernels.Attention;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow chat</c>: a conversation, from the keyboard or from lines of a file.</summary>
internal sealed class ChatCommand : WinnowCommand
{
    private const string Help = "/stats shows figures of the last answer, /clear begins anew, /exit ends; Ctrl-C stops an answer";

    private readonly CommonOptions _common;

    public ChatCommand(Terminal terminal, CommonOptions common)
        : base("chat", "Talks with the model; the cache stays between turns.", terminal)
    {
        _common = common;
        AddAll([common.Model, common.File, common.System, common.Cache, common.Keep, common.CacheType]);
        AddAll(common.OfSampling);
        AddAll(common.Threads, common.Activations, common.FloatActivations, common.Json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("a conversation", "winnow chat"),
        new("about a document, keeping a quarter of the cache", "winnow chat --file report.txt --cache sage-kv --keep 25%"),
        new("two turns from a script", "printf 'My name is Ada.\\nWhat is my name?\\n' | winnow chat --json"),
    ];

    protected override int Execute(ParseResult arguments)
    {
        ChosenPolicy policy = _common.ReadPolicy(arguments);
        EntryTypes entries = _common.ReadCacheType(arguments);
        GenerationOptions generation = _common.ReadGeneration(arguments);
        bool json = arguments.GetValue(_common.Json);
        using LanguageModel model = ModelOpener.Load(arguments, _common, Terminal);
        string? document = arguments.GetValue(_common.File) is { } file ? PromptSource.ReadFile(file) : null;
        using Conversation conversation = new(model, policy, entries, generation, arguments.GetValue(_common.System), document);
        List<TurnJson> turns = [];
        if (Terminal.InIsTerminal)
            Terminal.Note(Help);
        bool stopped = Talk(conversation, turns, json);
        if (json)
            JsonOutput.Write(Terminal, new ChatJson(turns), context => context.ChatJson);
        return stopped ? ExitCodes.Interrupted : ExitCodes.Success;
    }

    /// <summary>Turn after turn, until the input ends or someone says so.</summary>
    /// <returns>Whether Ctrl-C ended it.</returns>
    private bool Talk(Conversation conversation, List<TurnJson> turns, bool json)
    {
        Answer? last = null;
        while (ReadLine() is { } line && line is not ("/exit" or "/quit"))
        {
            if (line.Length == 0)
                continue;
            if (line[0] == '/')
            {
                Obey(line, conversation, ref last);
                continue;
            }

            if (Ask(conversation, line, json) is { } answer)
                turns.Add(new TurnJson(line, (last = answer).ToJson(withLogProbabilities: false)));
            // At a keyboard Ctrl-C ends the answer; in a pipe nobody could say more.
            if (Terminal.Interrupts.Requested && !Terminal.InIsTerminal)
                return true;
            Terminal.Interrupts.Reset();
        }

        return false;
    }

    private Answer? Ask(Conversation conversation, string line, bool json)
    {
        try
        {
            Answer answer = conversation.Ask(line, Terminal, json ? null : Stream);
            if (!json)
                Stream(Terminal.InIsTerminal ? "\n\n" : "\n");
            return answer;
        }
        catch (OperationCanceledException)
        {
            Terminal.Note("stopped before the answer began");
            return null;
        }
        catch (WinnowException error) when (Terminal.InIsTerminal)
        {
            Terminal.Note(error.Message);
            return null;
        }
    }

    private void Obey(string line, Conversation conversation, ref Answer? last)
    {
        switch (line)
        {
            case "/help":
                Terminal.Note(Help);
                break;
            case "/clear":
                conversation.Clear();
                last = null;
                Terminal.Note("a new conversation");
                break;
            case "/stats":
                Terminal.Note(last?.Summary(conversation.Cache) ?? "nothing has been answered yet");
                break;
            default:
                Terminal.Note($"there is no command {line}; {Help}");
                break;
        }
    }

    private string? ReadLine()
    {
        if (Terminal.InIsTerminal)
            Stream("> ");
        return Terminal.Interrupts.Wait(Terminal.In.ReadLine)?.Trim();
    }

    private void Stream(string text)
    {
        Terminal.Out.Write(text);
        Terminal.Out.Flush();
    }
}
