using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Eco2.Cli.Up;

/// <summary>What to run and how to end it.</summary>
/// <param name="Name">As shown and as in the log's name.</param>
/// <param name="Command">Program and arguments.</param>
/// <param name="Folder">Working directory.</param>
/// <param name="Log">File that gets both output streams.</param>
/// <param name="Environment">On top of ours.</param>
/// <param name="StopSignal">15 (TERM) for most; PostgreSQL wants 2 (INT) to end without waiting for its clients.</param>
/// <param name="RefusalExitCode">With this code it says that another try is of no use; the last line of its log says why.</param>
internal sealed record ProcessPlan(
    string Name,
    IReadOnlyList<string> Command,
    string Folder,
    string Log,
    IReadOnlyDictionary<string, string> Environment,
    int StopSignal = 15,
    int? RefusalExitCode = null);

/// <summary>A process that is started again, with growing pauses, when it ends by itself.</summary>
internal sealed partial class ManagedProcess(ProcessPlan plan, Progress progress, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan SoundAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private readonly CancellationTokenSource stopping = new();
    private Process? process;
    private Task watching = Task.CompletedTask;

    public ProcessPlan Plan => plan;

    /// <summary>The process that runs now; null while there is none.</summary>
    public int? Pid { get; private set; }

    /// <summary>Called with each change of <see cref="Pid"/> that was not asked for.</summary>
    public Action? Changed { get; init; }

    public int Restarts { get; private set; }

    /// <summary>It ended with the code by which it refuses to start.</summary>
    public bool Refused { get; private set; }

    public void Start() => watching = WatchAsync(Launch());

    /// <summary>Asks it to end and, if it doesn't within <paramref name="grace"/>, ends it.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        // Nothing is started any more once the watcher has left.
        await stopping.CancelAsync();
        await watching;
        if (process is { HasExited: false } running)
        {
            _ = Kill(running.Id, plan.StopSignal);
            try
            {
                await running.WaitForExitAsync().WaitAsync(grace, clock);
            }
            catch (TimeoutException)
            {
                running.Kill(entireProcessTree: true);
                await running.WaitForExitAsync();
            }
        }

        Pid = null;
    }

    public void Dispose()
    {
        stopping.Dispose();
        process?.Dispose();
    }

    private Process Launch()
    {
        // The shell is replaced by the program, so the process id is the program's own and its output needs no one of us to carry it.
        var start = new ProcessStartInfo("sh", ["-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", plan.Log, .. plan.Command])
        {
            WorkingDirectory = plan.Folder,
            UseShellExecute = false,
        };
        foreach (var (name, value) in plan.Environment)
        {
            start.Environment[name] = value;
        }

        process = Process.Start(start) ?? throw new UserMessageException($"{plan.Name} could not be started.");
        Pid = process.Id;
        return process;
    }

    private async Task WatchAsync(Process first)
    {
        var current = first;
        var pause = ShortestPause;
        try
        {
            while (true)
            {
                var since = clock.GetTimestamp();
                await current.WaitForExitAsync(stopping.Token);
                Pid = null;
                if (current.ExitCode == plan.RefusalExitCode)
                {
                    Refused = true;
                    return;
                }

                if (clock.GetElapsedTime(since) > SoundAfter)
                {
                    pause = ShortestPause;
                }

                progress.Warn($"{plan.Name} stopped ({Describe(current.ExitCode)}); starting it again in {pause.TotalSeconds:0.##} s. Its log: {plan.Log}");
                (current, pause) = await LaunchAgainAsync(pause);
                Restarts++;
                Changed?.Invoke();
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped on purpose.
        }
    }

    /// <summary>Waits, starts, and goes on trying when the machine has no room for another process. Returns the next pause too.</summary>
    private async Task<(Process Started, TimeSpan NextPause)> LaunchAgainAsync(TimeSpan pause)
    {
        while (true)
        {
            await Task.Delay(pause, clock, stopping.Token);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            var ended = process;
            try
            {
                var started = Launch();
                ended?.Dispose();
                return (started, pause);
            }
            catch (Win32Exception e)
            {
                progress.Warn($"{plan.Name} could not be started ({e.Message}); trying again in {pause.TotalSeconds:0.##} s.");
            }
        }
    }

    private static string Describe(int exitCode) => exitCode > 128 ? $"killed by signal {exitCode - 128}" : $"exit code {exitCode}";

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);

    /// <summary>Sends a signal to a process that is not ours; false when there is none.</summary>
    public static bool Signal(int pid, int signal) => Kill(pid, signal) == 0;
}
