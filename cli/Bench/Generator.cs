using System.Diagnostics;
using Eco2.Cli.Machine;

namespace Eco2.Cli.Bench;

/// <summary>The load generator as a process of its own, whose time and memory count apart.</summary>
internal sealed class Generator : IDisposable
{
    private readonly Process process;

    private Generator(Process process) => this.process = process;

    public int Pid => process.Id;

    public static Generator Start(IEnumerable<string> arguments, string root, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet", [Workspace.Assembly(root, "Eco2.LoadGenerator"), .. arguments])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new Generator(Process.Start(start)!);
    }

    /// <summary>Its exit code; each line it prints goes to <paramref name="onLine"/> as it comes.</summary>
    public async Task<int> RunAsync(Action<string> onLine, CancellationToken ct)
    {
        try
        {
            while (await process.StandardOutput.ReadLineAsync(ct) is { } line)
            {
                onLine(line);
            }

            await process.WaitForExitAsync(ct);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    /// <summary>Its exit code and what each process used in its window; every line it prints is shown.</summary>
    public async Task<(int Exit, IReadOnlyList<ProcessUse> Used)> RunAsync(ProcessMeter meter, Progress progress, CancellationToken ct)
    {
        IReadOnlyList<ProcessUse> used = [];
        var exit = await RunAsync(
            line =>
            {
                switch (line)
                {
                    case "WINDOW BEGINS":
                        meter.Begin();
                        break;
                    case "WINDOW ENDS":
                        used = meter.End();
                        break;
                }

                progress.Say(line);
            },
            ct);
        return (exit, used);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }
}
