using System.Text.Json;
using Eco2.Cli.Machine;
using Eco2.Cli.Up;
using Xunit;

namespace Eco2.Cli.Tests;

public sealed class ProcessSettingsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eco2-settings-").FullName;

    /// <summary>The variables of <c>dapr run -f</c>, whichever sidecar is under it.</summary>
    [Fact]
    public void An_app_is_told_what_the_cli_of_dapr_tells_it()
    {
        var told = Told(Plan(new Dictionary<string, string>()) with { SidecarMetricsPort = 9, Protocol = "grpc", ChannelAddress = "127.0.0.2" });

        Assert.Equal(
            "APP_CHANNEL_ADDRESS=127.0.0.2 APP_ID=shop APP_PORT=1 APP_PROTOCOL=grpc DAPR_GRPC_PORT=3 DAPR_HTTP_PORT=2 DAPR_METRICS_PORT=9",
            string.Join(' ', told.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void A_port_that_there_is_not_is_not_told_and_what_the_run_file_says_wins()
    {
        var told = Told(Plan(new Dictionary<string, string> { ["APP_PROTOCOL"] = "own" }) with { AppPort = 0 });

        Assert.Equal(
            "APP_CHANNEL_ADDRESS= APP_ID=shop APP_PROTOCOL=own DAPR_GRPC_PORT=3 DAPR_HTTP_PORT=2",
            string.Join(' ', told.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task The_embedded_sidecar_shows_metrics_where_the_app_is_told()
    {
        var workspace = new Workspace(folder);
        var plan = Plan(new Dictionary<string, string>());

        var file = await SidecarRuntime.WriteInstancesAsync(workspace, new RunPlan([plan with { SidecarMetricsPort = 9 }, plan], new Target(folder, false, false, false)), default);

        using var instances = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        Assert.Equal(["9", "none"], instances.RootElement.EnumerateArray().Select(one => one.TryGetProperty("metricsPort", out var port) ? port.GetRawText() : "none"));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private AppPlan Plan(Dictionary<string, string> environment) => new("shop", "shop", folder, [], 1, 2, 3, environment, []);

    private Dictionary<string, string> Told(AppPlan app) =>
        new ProcessSettings(new Workspace(folder), new RunPlan([app], new Target(folder, false, false, false)), new Secrets("", "", "", ""), new PrivateServers("", null, null))
            .OfApp(app, new Dictionary<string, string>());
}
