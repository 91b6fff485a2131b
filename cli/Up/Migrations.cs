using Eco2.Cli.Machine;

namespace Eco2.Cli.Up;

/// <summary>What the migrations job is on a cluster: the app as it is, told to end once its tables and its login are as they should be.</summary>
internal static class Migrations
{
    /// <param name="app">How the app itself is started.</param>
    /// <param name="owner">The database owner's connection string, which the app does not get.</param>
    public static async Task RunAsync(ProcessPlan app, string owner, CancellationToken ct)
    {
        // Neither its port nor its telemetry: it is gone before anybody asks.
        var environment = app.Environment.Where(pair => pair.Key is not ("APP_PORT" or "ECO2_METRICS_URL") && !pair.Key.StartsWith("OTEL_", StringComparison.Ordinal))
            .Concat([
                KeyValuePair.Create("ECO2_POSTGRES_OWNER", owner),
                KeyValuePair.Create("Eco2__MigrateOnly", "true"),
                KeyValuePair.Create("ASPNETCORE_URLS", "http://127.0.0.1:0")])
            .ToDictionary();
        var (exitCode, _) = await Shell.RunAsync("sh", ["-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", app.Log, .. app.Command], app.Folder, ct, environment: environment);
        if (exitCode != 0)
        {
            throw new UserMessageException($"The migrations of {app.Name} failed. The end of its log {app.Log}:\n{string.Join('\n', File.ReadLines(app.Log).TakeLast(12))}");
        }
    }
}
