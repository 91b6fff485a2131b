using System.Globalization;
using Eco2.Cli.Bench;
using Eco2.Cli.Up;

namespace Eco2.Cli.Observe;

/// <summary>Looks at processes, queues and metrics when the page asks, and not more often than every two seconds. Nobody looks: nothing is done.</summary>
internal sealed class SystemSampler(RunningSystem system, TimeProvider clock) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim turn = new(1);
    private readonly HttpClient http = new(new SocketsHttpHandler { ActivityHeadersPropagator = null })
    {
        Timeout = TimeSpan.FromSeconds(1),
        // Not sampled: our questions are no traces.
        DefaultRequestHeaders = { { "traceparent", "00-0000000000000000000000000000ec02-000000000000ec02-00" } },
    };

    private readonly Dictionary<string, (int Pid, double CpuMs, double Requests, long At)> before = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> lastReady = new(StringComparer.Ordinal);
    private QueueReader? queues;
    private SystemState? latest;
    private long lookedAt;

    public async Task<SystemState> SampleAsync(CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        try
        {
            if (latest is null || clock.GetElapsedTime(lookedAt) > Pause)
            {
                latest = await LookAsync(ct);
                lookedAt = clock.GetTimestamp();
            }

            return latest;
        }
        finally
        {
            turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        turn.Dispose();
        if (queues is not null)
        {
            await queues.DisposeAsync();
        }
    }

    private async Task<SystemState> LookAsync(CancellationToken ct)
    {
        var apps = system.Apps.ToDictionary(app => app.Name, StringComparer.Ordinal);
        var metrics = (await Task.WhenAll(apps.Values.Select(async app => (app.Name, Said: await MetricsAsync(app, ct))))).ToDictionary(pair => pair.Name, pair => pair.Said, StringComparer.Ordinal);
        var answers = await Task.WhenAll(system.Parts.Select(async part =>
        {
            var app = apps.GetValueOrDefault(part.Process.Plan.Name);
            return (part.Kind, part.Process, App: app,
                Ready: app is null ? (bool?)null : await Readiness.AppIsReadyAsync(http, app, ct),
                Sidecar: app is null ? (bool?)null : await Readiness.SidecarIsReadyAsync(http, app, ct));
        }));
        List<ProcessLine> lines = [.. answers.Select(one => Line(one.Kind, one.Process, one.App, one.Ready, one.Sidecar, metrics.GetValueOrDefault(one.Process.Plan.Name)))];
        queues ??= new QueueReader(system, http, clock);
        return new SystemState(system.Url, system.LogsCommand, lines, await queues.ReadAsync(ct), AppMetrics.Sum(metrics.Values.OfType<AppMetrics>()), Peers());
    }

    private ProcessLine Line(string kind, ManagedProcess process, AppPlan? app, bool? ready, bool? sidecar, AppMetrics? metrics)
    {
        var name = process.Plan.Name;
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        if (ready == true)
        {
            lastReady[name] = now;
        }

        var line = new ProcessLine(
            name, kind, process.Pid, "down", sidecar, lastReady.TryGetValue(name, out var seen) ? seen : null, process.Restarts, 0, 0, null, metrics?.Errors, app?.AppPort);
        if (process.Pid is not { } pid)
        {
            return line;
        }

        var used = ProcessMeter.CpuMs(name, pid);
        var known = before.TryGetValue(name, out var last) && last.Pid == pid && now > last.At;
        before[name] = (pid, used, metrics?.Requests ?? last.Requests, now);
        return line with
        {
            State = ready switch { null => "running", true => "ready", false => "not ready" },
            MemoryMb = ProcessMeter.MemoryMb(name, pid),
            Cpu = known ? Math.Max(0, (used - last.CpuMs) / (now - last.At)) : 0,
            Requests = known && metrics is not null ? Math.Max(0, (metrics.Requests - last.Requests) * 1000 / (now - last.At)) : null,
        };
    }

    private async Task<AppMetrics?> MetricsAsync(AppPlan app, CancellationToken ct)
    {
        try
        {
            return app.MetricsPort is { } port ? AppMetrics.Parse(await http.GetStringAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/metrics")), ct)) : null;
        }
        catch (Exception notNow) when (notNow is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private Dictionary<int, string> Peers()
    {
        var peers = new Dictionary<int, string>();
        foreach (var app in system.Apps)
        {
            peers[app.AppPort] = app.Name;
            peers[app.DaprHttpPort] = peers[app.DaprGrpcPort] = $"{app.Name}'s sidecar";
        }

        return peers;
    }
}
