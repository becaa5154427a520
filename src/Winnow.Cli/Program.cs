using Winnow.Cli;

using Interrupts interrupts = Interrupts.FromSignals();
return CommandLine.Run(args, Terminal.OfProcess(interrupts));
