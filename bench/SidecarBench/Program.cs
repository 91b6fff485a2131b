using System.Globalization;
using Eco2.Testing;

namespace SidecarBench;

/// <summary>Measures the embedded sidecar's pub/sub against a private, durable Redis: app to sidecar to Redis to sidecar to app.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        var messages = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 10_000;
        await using var redis = await RedisServer.StartAsync(durable: true);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{messages} messages of about 1 KB, {Environment.ProcessorCount} cores, Redis with appendfsync always"));
        Console.WriteLine("                        publish/s   deliver/s    p50 ms    p95 ms    p99 ms   calls to app");
        Result? single = null;
        foreach (var (name, bulk, publishBulk) in ((string, bool, int)[])[("warm-up", true, 50), ("single", false, 0), ("bulk subscribe", true, 0), ("bulk both ways", true, 50)])
        {
            var result = await PubSubRun.RunAsync(redis, bulk, publishBulk, name == "warm-up" ? messages / 4 : messages);
            single ??= name == "single" ? result : null;
            if (name != "warm-up")
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name,-22}{result.PublishedPerSecond,11:0}{result.DeliveredPerSecond,12:0}{result.Percentile(50),10:0.0}{result.Percentile(95),10:0.0}{result.Percentile(99),10:0.0}{result.Calls,15}   ×{result.DeliveredPerSecond / single!.DeliveredPerSecond:0.0}"));
            }
        }

        return 0;
    }
}

/// <param name="Waits">Milliseconds from the start of the publish to the arrival at the app.</param>
internal sealed record Result(double PublishedPerSecond, double DeliveredPerSecond, double[] Waits, int Calls)
{
    public double Percentile(int percent) => Waits[Math.Min(Waits.Length - 1, Waits.Length * percent / 100)];
}
