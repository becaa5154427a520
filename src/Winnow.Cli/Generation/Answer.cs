using System.Diagnostics;
using System.Text;
using Winnow.Cli.Output;
using Winnow.Cli.Rendering;
using Winnow.Decoding;

namespace Winnow.Cli.Generation;

/// <summary>What a model wrote after a prompt, and what that cost.</summary>
internal sealed class Answer
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _tokens = [];
    private readonly List<GeneratedToken> _ranked = [];

    /// <summary>The text.</summary>
    public string Text => _text.ToString();

    /// <summary>Generated tokens, without the one that ended the answer.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>Tokens with their log-probabilities, when those were asked for.</summary>
    public IReadOnlyList<GeneratedToken> Ranked => _ranked;

    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Seconds of reading the prompt.</summary>
    public required double PrefillSeconds { get; init; }

    /// <summary>Generated tokens that the sequence has read: all, or all but the last.</summary>
    public int Decoded { get; private set; }

    /// <summary>Seconds of decoding, without what printing took.</summary>
    public double DecodeSeconds { get; private set; }

    /// <summary>Entries of a lane at the end, a mean over lanes.</summary>
    public double KeptEntries { get; private set; }

    /// <summary>Bytes of keys and values at the end.</summary>
    public long KvBytes { get; private set; }

    /// <summary>The same for a full cache.</summary>
    public long KvBytesFull { get; private set; }

    /// <summary>Tokens that the sequence has seen.</summary>
    public int Position { get; private set; }

    /// <summary>Speed of reading.</summary>
    public double PrefillRate => PrefillSeconds > 0 ? PromptTokens / PrefillSeconds : 0;

    /// <summary>Speed of writing.</summary>
    public double DecodeRate => Decoded > 0 && DecodeSeconds > 0 ? Decoded / DecodeSeconds : 0;

    /// <summary>Reads a prompt and writes an answer; Ctrl-C ends either, and what was written until then stays.</summary>
    /// <param name="model">The model.</param>
    /// <param name="sequence">Where the conversation stands; it moves along.</param>
    /// <param name="prompt">What to read first.</param>
    /// <param name="options">How to generate.</param>
    /// <param name="terminal">Where progress is shown.</param>
    /// <param name="write">Called with each piece of text.</param>
    /// <exception cref="OperationCanceledException">Ctrl-C came while the prompt was read.</exception>
    public static Answer Generate(LanguageModel model, Sequence sequence, PromptTokens prompt, GenerationOptions options, Terminal terminal, Action<string>? write)
    {
        CancellationToken stop = terminal.Interrupts.Token;
        long started = Stopwatch.GetTimestamp();
        int total = prompt.Tokens.Length;
        Patience.Run(terminal, $"reading {Figures.Whole(total)} tokens", meter =>
        {
            sequence.Prefill(prompt.Tokens, prompt.QuestionTokens, new Reporter<int>(done => meter.Report(done, total)), stop);
            return 0;
        });
        Answer answer = new() { PromptTokens = total, PrefillSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds };
        if (write is null)
        {
            Patience.Run(terminal, "answering", meter =>
            {
                answer.Write(model, sequence, options, _ => meter.Report(answer._tokens.Count, options.MaxTokens), stop);
                return 0;
            });
        }
        else
        {
            answer.Write(model, sequence, options, write, stop);
        }

        return answer;
    }

    /// <summary>The answer as JSON.</summary>
    public RunJson ToJson(bool withLogProbabilities) => new()
    {
        Text = Text,
        Tokens = Tokens,
        PromptTokens = PromptTokens,
        KeptEntries = Figures.Measured(KeptEntries),
        KvBytes = KvBytes,
        KvBytesFull = KvBytesFull,
        PrefillTokensPerS = Figures.Measured(PrefillRate),
        DecodeTokensPerS = Figures.Measured(DecodeRate),
        Logprobs = withLogProbabilities ? [.. Ranked.Select(ToJson)] : null,
    };

    /// <summary>The statistics in one line.</summary>
    public string Summary(string cache)
    {
        string kept = $"{cache} cache holds {Figures.Whole(KeptEntries)} of {Figures.Whole(Position)} entries, {Figures.Bytes(KvBytes)} of {Figures.Bytes(KvBytesFull)}";
        return $"{Figures.Whole(PromptTokens)} tokens read at {Figures.Rate(PrefillRate)}/s · {Figures.Whole(Tokens.Count)} written at {Figures.Rate(DecodeRate)}/s · {kept}";
    }

    private static LogProbabilityJson ToJson(GeneratedToken token) =>
        new(token.Token, token.LogProbability, [.. token.Top.Select(top => new TopJson(top.Token, top.LogProbability))]);

    private void Write(LanguageModel model, Sequence sequence, GenerationOptions options, Action<string> write, CancellationToken stop)
    {
        int before = sequence.Position;
        long started = Stopwatch.GetTimestamp();
        foreach (GeneratedToken token in TextGenerator.Generate(model, sequence, options, stop))
        {
            DecodeSeconds += Stopwatch.GetElapsedTime(started).TotalSeconds;
            Add(token, options.LogProbabilities >= 0);
            write(token.Text);
            started = Stopwatch.GetTimestamp();
        }

        DecodeSeconds += Stopwatch.GetElapsedTime(started).TotalSeconds;
        (Position, Decoded) = (sequence.Position, sequence.Position - before);
        KeptEntries = (double)sequence.Cache.Entries / sequence.Cache.Layout.Lanes;
        (KvBytes, KvBytesFull) = (sequence.Cache.KvBytes, sequence.Cache.Layout.FullBytes(sequence.Position));
    }

    private void Add(GeneratedToken token, bool ranked)
    {
        _text.Append(token.Text);
        if (token.Token < 0)
            return;
        _tokens.Add(token.Token);
        if (ranked)
            _ranked.Add(token);
    }
}
