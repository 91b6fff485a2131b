using System.CommandLine;
using Eco2.Cli.Audit;
using Eco2.Cli.Bench;
using Eco2.Cli.DeadLetters;
using Eco2.Cli.Doctor;
using Eco2.Cli.Keys;
using Eco2.Cli.Logs;
using Eco2.Cli.Scan;
using Eco2.Cli.Test;
using Eco2.Cli.Up;
using Spectre.Console;

namespace Eco2.Cli;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        if (Console.IsOutputRedirected)
        {
            // A file or another program reads: no colours, and no line broken to fit a terminal that isn't there.
            AnsiConsole.Profile.Capabilities.Ansi = false;
            AnsiConsole.Profile.Width = 500;
        }

        var root = new RootCommand("Eco²: a photo of waste in; what it is, how to put it out and a small reward back.")
        {
            UpCommand.Create(),
            ScanCommand.Create(),
            DeadLettersCommand.Create(),
            AuditCommand.Create(),
            KeysCommand.Create(),
            LogsCommand.Create(),
            DoctorCommand.Create(),
            TestCommand.Create(),
            BenchCommand.Create(),
        };
        try
        {
            return await root.Parse(args).InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromSeconds(10),
            });
        }
        catch (UserMessageException message)
        {
            await Console.Error.WriteLineAsync(message.Message);
            return message.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
    }
}
