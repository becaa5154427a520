namespace Winnow;

/// <summary>
/// An error that the user can mend: a broken file, an unknown name, a budget that cannot work. The message is one sentence that names the thing,
/// the value and what to do; a command prints it as it stands and a server answers with it, without a stack trace.
/// </summary>
public class WinnowException : Exception
{
    /// <summary>Creates the error.</summary>
    public WinnowException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with the exception that caused it.</summary>
    public WinnowException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
