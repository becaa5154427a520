namespace Winnow.Training.Nano;

/// <summary>What a piece of a document is to the one who learns from it.</summary>
public enum NanoPart : byte
{
    /// <summary>Text to read.</summary>
    Context,

    /// <summary>A question or an instruction.</summary>
    Question,

    /// <summary>The beginning of an answer that repeats what was asked.</summary>
    Lead,

    /// <summary>What the answer is about: right or wrong is decided here.</summary>
    Answer,
}

/// <summary>A piece of a document.</summary>
/// <param name="Text">
/// The text as it stands there, mostly with the space before it. A piece begins where a token begins, so that the tokens of a document are those of its pieces.
/// </param>
/// <param name="Part">What it is.</param>
public readonly record struct NanoPiece(string Text, NanoPart Part);

/// <summary>A question and its answer, without white space around.</summary>
/// <param name="Question">Such as <c>What is the code of lamp?</c></param>
/// <param name="Lead">Beginning of the answer that repeats the question, such as <c>The code of lamp is</c>; may be empty.</param>
/// <param name="Answer">The rest, such as <c>8764.</c></param>
public sealed record NanoExchange(string Question, string Lead, string Answer)
{
    /// <summary>The whole answer.</summary>
    public string FullAnswer => Lead.Length == 0 ? Answer : Lead + " " + Answer;
}

/// <summary>How questions stand in a document.</summary>
public enum NanoStyle
{
    /// <summary>As sentences that follow the text.</summary>
    Plain,

    /// <summary>On lines that begin with <c>Question:</c> and <c>Answer:</c>.</summary>
    Lines,

    /// <summary>As turns of a conversation.</summary>
    Chat,
}

/// <summary>Facts and what can be asked of them.</summary>
/// <param name="Sentences">Sentences in their order, which filler may come between.</param>
/// <param name="Exchanges">Questions with their answers.</param>
internal sealed record NanoUnit(IReadOnlyList<string> Sentences, IReadOnlyList<NanoExchange> Exchanges);
