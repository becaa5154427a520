using System.Runtime.CompilerServices;
using System.Text;

namespace Winnow.Tokenization.Templates;

/// <summary>One rendering: its output, its variables and what it has used up. Limits keep a hostile template from hanging or filling the memory.</summary>
internal sealed class TemplateContext
{
    /// <summary>Evaluated nodes and touched items in one rendering.</summary>
    private const int StepLimit = 5_000_000;

    /// <summary>Characters that strings and output may take in one rendering.</summary>
    private const long TextLimit = 64 << 20;

    /// <summary>Macros inside macros.</summary>
    private const int CallLimit = 64;

    private readonly Stack<StringBuilder> _outputs = new([new StringBuilder()]);
    private int _steps;
    private long _text;
    private int _calls;

    public TemplateContext(TemplateScope scope) => Scope = scope;

    public TemplateScope Scope { get; set; }

    public string Output => _outputs.Peek().ToString();

    /// <summary>The line being evaluated, for errors from functions.</summary>
    public int Line { get; private set; }

    /// <summary>Counts work and watches the stack; called for every node.</summary>
    public void Step(int line, int count = 1)
    {
        Line = line;
        if ((_steps += count) > StepLimit || _steps < 0)
            throw TemplateError.At(line, $"rendering takes more than {StepLimit} steps; the template loops too often");
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw TemplateError.At(line, "expressions are nested too deeply");
    }

    /// <summary>Counts characters that a value is about to take.</summary>
    public void Charge(long characters)
    {
        if (characters < 0 || (_text += characters) > TextLimit)
            throw TemplateError.At(Line, $"rendering takes more than {TextLimit >> 20} million characters; the template repeats text too often");
    }

    public void Write(string text)
    {
        Charge(text.Length);
        _outputs.Peek().Append(text);
    }

    /// <summary>Collects what the action writes.</summary>
    public string Capture(Action write)
    {
        _outputs.Push(new StringBuilder());
        try
        {
            write();
            return Output;
        }
        finally
        {
            _outputs.Pop();
        }
    }

    /// <summary>Runs with another scope.</summary>
    public T Within<T>(TemplateScope scope, Func<T> run)
    {
        TemplateScope outer = Scope;
        Scope = scope;
        try
        {
            return run();
        }
        finally
        {
            Scope = outer;
        }
    }

    /// <summary>Runs a macro.</summary>
    public T Call<T>(Func<T> run)
    {
        if (++_calls > CallLimit)
            throw TemplateError.At(Line, $"macros call each other more than {CallLimit} deep");
        try
        {
            return run();
        }
        finally
        {
            _calls--;
        }
    }

    public WinnowException Error(string sentence) => TemplateError.At(Line, sentence);
}

/// <summary>Variables of a block; a name not found here is looked for outside.</summary>
internal sealed class TemplateScope(TemplateScope? outer)
{
    private readonly Dictionary<string, object?> _variables = new(StringComparer.Ordinal);

    public object? Get(string name)
    {
        for (TemplateScope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._variables.TryGetValue(name, out object? value))
                return value;
        }
        return new Undefined(name);
    }

    public void Set(string name, object? value) => _variables[name] = value;

    private TemplateScope? Outer { get; } = outer;
}
