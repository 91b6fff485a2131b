using Eco2.Cli.Up;
using Eco2.Testing;
using Xunit;

namespace Eco2.Cli.Tests;

public sealed class ManagedProcessTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eco2-process-").FullName;

    [Fact]
    public async Task A_process_that_dies_is_started_again()
    {
        using var process = Process("echo started; exec cat /dev/zero >/dev/null");
        process.Start();
        await Eventually.TrueAsync(() => process.Pid is not null, "it runs");
        var first = process.Pid;

        ManagedProcess.Signal(first!.Value, 9);
        await Eventually.TrueAsync(() => process.Pid is { } now && now != first, "another one runs");

        Assert.Equal(1, process.Restarts);
        await process.StopAsync(TimeSpan.FromSeconds(5));
        Assert.Null(process.Pid);
    }

    [Fact]
    public async Task A_restart_is_told_once_the_new_process_is_known()
    {
        var told = new TaskCompletionSource<int?>();
        ManagedProcess? process = null;
        process = Process("exec cat /dev/zero >/dev/null", () => told.TrySetResult(process!.Pid));
        using var running = process;
        running.Start();
        var first = running.Pid!.Value;

        ManagedProcess.Signal(first, 9);
        var next = await told.Task.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.NotNull(next);
        Assert.NotEqual(first, next);
        await running.StopAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_process_that_will_not_go_is_ended()
    {
        using var process = Process("trap '' TERM; echo started; while :; do read x </dev/zero; done");
        process.Start();
        await Eventually.TrueAsync(() => File.Exists(Log) && File.ReadAllText(Log).Contains("started", StringComparison.Ordinal), "it runs");
        var pid = process.Pid!.Value;

        await process.StopAsync(TimeSpan.FromMilliseconds(100));

        Assert.False(Directory.Exists($"/proc/{pid}"));
    }

    [Fact]
    public async Task A_refusal_is_not_tried_again_and_its_reason_stays_in_the_log()
    {
        using var process = Process("echo the file is broken >&2; exit 2");

        process.Start();
        await Eventually.TrueAsync(() => process.Refused, "it refused");

        Assert.Equal(0, process.Restarts);
        Assert.Equal("the file is broken", File.ReadLines(Log).Last());
        await process.StopAsync(TimeSpan.FromSeconds(1));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Log => Path.Combine(folder, "log");

    private ManagedProcess Process(string script, Action? changed = null) =>
        new(new ProcessPlan("test", ["sh", "-c", script], folder, Log, new Dictionary<string, string>(), RefusalExitCode: 2), new Progress(), TimeProvider.System)
        {
            Changed = changed,
        };
}
