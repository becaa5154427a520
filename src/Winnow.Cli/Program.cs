using Winnow.Cli;

CompileAhead.Start(args);
using Interrupts interrupts = Interrupts.FromSignals();
return CommandLine.Run(args, Terminal.OfProcess(interrupts));
