using System.Diagnostics;
using System.Globalization;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Hosting;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Microsoft.Extensions.Logging.Abstractions;

// Starts workflows of four activities each through a sidecar and a worker in this process, against a Redis at HOST:PORT, and
// prints how many finish in a second and how long one takes. Usage: WorkflowBench HOST:PORT [workflows] [at once].
var redis = args.Length > 0 ? args[0] : "127.0.0.1:6379";
var total = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 5000;
var atOnce = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 100;

var appId = $"bench-{Stopwatch.GetTimestamp()}";
await using var host = await SidecarHost.StartAsync(
    new SidecarOptions
    {
        Logs = NullLoggerFactory.Instance,
        Apps =
        [
            new AppSettings
            {
                AppId = appId,
                InlineResources = $$"""
                    apiVersion: dapr.io/v1alpha1
                    kind: Component
                    metadata: { name: workflow }
                    spec:
                      type: state.redis
                      version: v1
                      metadata:
                      - { name: redisHost, value: "{{redis}}" }
                      - { name: redisPassword, value: "" }
                      - { name: actorStateStore, value: "true" }
                    """,
            },
        ],
    },
    CancellationToken.None);
var address = host.Apps[0].GrpcEndpoint;
await using var worker = ScriptedWorker.Connect(address, w =>
{
    w.Remembers = false;
    w.OnTurn = Script.Sequence("Vision", "Rule", "Answer", "Reward");
});
using var hub = new TaskHub(address);

await RunAsync("warm-up", Math.Min(total, 500));
await RunAsync("measured", total);

async Task RunAsync(string label, int count)
{
    var times = new double[count];
    var began = Stopwatch.GetTimestamp();
    await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (i, _) =>
    {
        var id = $"{label}-{i}";
        var started = Stopwatch.GetTimestamp();
        await hub.StartAsync(id, "Scan", "{\"jobId\":\"0190\"}", deadline: TimeSpan.FromMinutes(2));
        await hub.CompletedAsync(id, TimeSpan.FromMinutes(2));
        times[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    });
    var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
    Array.Sort(times);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{label}: {count} workflows, {atOnce} at once: {count / seconds:F0} workflows/s, p50 {At(0.5):F0} ms, p95 {At(0.95):F0} ms, p99 {At(0.99):F0} ms"));

    double At(double share) => times[(int)Math.Min(count - 1, share * count)];
}
