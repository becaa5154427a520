using System.CommandLine;
using System.Globalization;
using Winnow.Cli.Options;
using Winnow.Evaluation;

namespace Winnow.Cli.Commands;

/// <summary><c>winnow eval agreement</c>: how near the next token's distribution stays to the full cache's, on any text.</summary>
internal sealed class EvalAgreementCommand : EvalCommand
{
    private readonly Option<int> _prompt = Values.Integer("--prompt-tokens", "N", "tokens of a passage that are read and compressed", 1024, least: 1);
    private readonly Option<int> _generated = Values.Integer("--gen-tokens", "N", "tokens after them, fed one by one over what was kept", 64, least: 1);
    private readonly Option<int> _passages = Values.Integer("--passages", "K", "most passages, one after another from the text's beginning", 4, least: 1);

    public EvalAgreementCommand(Terminal terminal, CommonOptions common)
        : base("agreement", "Measures how often cache policies foresee the full cache's next token on a text, and how far their distributions are apart.",
            terminal, common) =>
        AddAll(common.File, _prompt, _generated, _passages);

    public override IReadOnlyList<Example> Examples =>
    [
        new("every policy at a quarter of the cache on a sample document", "winnow eval agreement --prompt-tokens 512"),
        new("on a text of your own", "winnow eval agreement --file book.txt --cache h2o,snapkv --keep 50%,25%,10% --prompt-tokens 2048 --gen-tokens 128"),
    ];

    protected override string Title => "Agreement with the full cache";

    protected override string Method =>
        "Each passage's first part is read and compressed; the tokens after it are fed one by one over what was kept. "
        + "agreement_top1 is the share of places where the likeliest next token is the full cache's, in percent; "
        + "kl_divergence is the mean KL(full ‖ policy) at the same places, in nats.";

    protected override EvalPlan Plan(ParseResult arguments, LanguageModel model)
    {
        string? file = arguments.GetValue(Common.File);
        SampleDocument sample = SampleDocument.For(model);
        string text = file is null ? sample.Read() : PromptSource.ReadSingle(arguments, Common, Terminal);
        AgreementOptions options = new()
        {
            PromptTokens = arguments.GetValue(_prompt),
            GenTokens = arguments.GetValue(_generated),
            Passages = arguments.GetValue(_passages),
        };
        int[] tokens = [.. model.Tokenizer.Encode(text, addSpecial: true, parseSpecial: false)];
        return new EvalPlan(new AgreementWork(model, tokens, options),
        [
            ("--file", file is null ? sample.Name : Path.GetFileName(file)),
            ("--prompt-tokens", options.PromptTokens.ToString(CultureInfo.InvariantCulture)),
            ("--gen-tokens", options.GenTokens.ToString(CultureInfo.InvariantCulture)),
            ("--passages", options.Passages.ToString(CultureInfo.InvariantCulture)),
        ]);
    }
}
