using System.Runtime.InteropServices;

namespace Winnow.Cli;

/// <summary>
/// Ctrl-C as a cancellation: the first stops what runs and keeps what there is, the second ends the process. While a command waits for the user's next line,
/// nothing runs that could be stopped, and Ctrl-C ends the process at once.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private CancellationTokenSource _source = new();
    private bool _waiting;

    /// <summary>Cancelled by the first Ctrl-C since the last <see cref="Reset"/>.</summary>
    public CancellationToken Token
    {
        get
        {
            lock (_gate)
                return _source.Token;
        }
    }

    /// <summary>Whether Ctrl-C was pressed since the last <see cref="Reset"/>.</summary>
    public bool Requested => Token.IsCancellationRequested;

    /// <summary>Listens to the process's signals.</summary>
    public static Interrupts FromSignals()
    {
        Interrupts interrupts = new();
        foreach (PosixSignal signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM })
            interrupts._registrations.Add(PosixSignalRegistration.Create(signal, context => context.Cancel = interrupts.Raise()));
        return interrupts;
    }

    /// <summary>Asks what runs to stop.</summary>
    /// <returns>Whether something could be asked; otherwise the process should end.</returns>
    public bool Raise()
    {
        CancellationTokenSource source;
        lock (_gate)
        {
            if (_waiting || _source.IsCancellationRequested)
                return false;
            source = _source;
        }

        source.Cancel();
        return true;
    }

    /// <summary>Makes ready for the next Ctrl-C, after one has been obeyed.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            if (_source.IsCancellationRequested)
                _source = new CancellationTokenSource();
        }
    }

    /// <summary>Runs something that cannot be stopped but by the end of the process, such as reading a line.</summary>
    public T Wait<T>(Func<T> action)
    {
        SetWaiting(true);
        try
        {
            return action();
        }
        finally
        {
            SetWaiting(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    private void SetWaiting(bool waiting)
    {
        lock (_gate)
            _waiting = waiting;
    }
}
