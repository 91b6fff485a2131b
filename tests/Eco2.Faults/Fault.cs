using Eco2.Testing;

namespace Eco2.Faults;

/// <summary>Something that breaks.</summary>
/// <param name="Name">As in the report and on the command line.</param>
/// <param name="StrikeAsync">Returns when the fault is over: what was killed has been started again, what was stopped goes on.</param>
/// <param name="MayFailJobs">False when no job may end as failed because of it alone: the system has to wait such a fault out.</param>
/// <param name="InShortForm">Also struck in the short form.</param>
internal sealed record Fault(string Name, Func<FaultSystem, CancellationToken, Task> StrikeAsync, bool MayFailJobs = false, bool InShortForm = true)
{
    private const int Stop = 19, Continue = 18;

    /// <summary>In the order in which they strike. What may fail jobs comes last, so that no failure is put down to the wrong one.</summary>
    public static IReadOnlyList<Fault> All { get; } =
    [
        .. new[] { "gateway", "auth", "image", "scan", "character", "my", "media", "sidecar", EcoRun.Broker, "postgres" }.Select(process => Kill(process)),
        Kill("event-router"),
        Kill("event-router", "event-router-2"),
        Kill("sse-gateway-2"),
        Kill("sse-gateway", "sse-gateway-2"),
        Kill("worker-2"),
        Kill("worker", "worker-2"),
        Kill(EcoRun.Broker, "postgres", "sidecar") with { Name = $"kill {EcoRun.Broker}, postgres and sidecar at once" },
        .. EcoRun.Broker == "redis" ? [new Fault("kill redis with half a write in its file", TornRedisAsync)] : Array.Empty<Fault>(),
        new("every other connection cut", ConnectionsCutAsync),
        Pause("sidecar"),
        Pause(EcoRun.Broker) with { InShortForm = false },
        Pause("postgres") with { InShortForm = false },
        Pause("worker", "worker-2") with { InShortForm = false },
        Pause("event-router", "event-router-2") with { InShortForm = false },
        new("object store full", ObjectStoreFullAsync),
        Model("hangs", "hang_rate"),
        Model("answers 429", "rate_429"),
        Model("answers 500", "error_rate"),
        Model("answers garbage", "garbage_rate"),
        Model("answers half a body", "half_body_rate"),
        new("clocks step 1 h forward", (system, ct) => system.Clock.StepAsync(TimeSpan.FromHours(1), ct), MayFailJobs: true),
        new("clocks step 1 h back", (system, ct) => system.Clock.StepAsync(TimeSpan.Zero, ct), MayFailJobs: true),
    ];

    private static Fault Kill(params string[] processes) =>
        new($"kill {string.Join(" and ", processes)}", (system, _) => system.Run.KillAsync(processes));

    private static Fault Pause(params string[] processes) =>
        new($"stop {string.Join(" and ", processes)} for 10 s", async (system, ct) =>
        {
            try
            {
                Array.ForEach(processes, process => system.Run.Signal(process, Stop));
                await Task.Delay(system.Plan.Pause, ct);
            }
            finally
            {
                Array.ForEach(processes, process => system.Run.Signal(process, Continue));
            }
        });

    private static Fault Model(string how, string rate) =>
        new($"model {how}", async (system, ct) =>
        {
            await system.Models.SetAsync(rate, 1, ct);
            await Task.Delay(system.Plan.IsLong ? TimeSpan.FromSeconds(8) : TimeSpan.FromSeconds(2), ct);
            await system.Models.SetAsync(rate, 0, ct);
        }, MayFailJobs: true);

    /// <summary>What a crash in the middle of a write leaves. Nobody was told that it is stored, so Redis may forget it.</summary>
    private static async Task TornRedisAsync(FaultSystem system, CancellationToken ct)
    {
        system.Run.Signal("redis", Stop);
        var file = Directory.GetFiles(Path.Combine(system.Run.State, "redis", "appendonlydir"), "*.incr.aof").Order(StringComparer.Ordinal).Last();
        await File.AppendAllTextAsync(file, "*3\r\n$3\r\nSET\r\n$5\r\nhal", ct);
        await system.Run.KillAsync("redis");
    }

    private static async Task ConnectionsCutAsync(FaultSystem system, CancellationToken ct)
    {
        var before = system.Traffic.CutChance;
        system.Traffic.CutChance = 0.5;
        await Task.Delay(TimeSpan.FromSeconds(3), ct);
        system.Traffic.CutChance = before;
    }

    private static async Task ObjectStoreFullAsync(FaultSystem system, CancellationToken ct)
    {
        await system.Objects.FillAsync(ct);
        try
        {
            await system.ExpectUploadsRefusedAsync(ct);
        }
        finally
        {
            system.Objects.Empty();
        }
    }

    public override string ToString() => Name;
}
