using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.RegularExpressions;
using Eco2.Testing;
using Xunit;

namespace Eco2.Deploy.Tests.Observability;

/// <summary>The whole product, in which things happened and went wrong, and everything that its apps and sidecars then show to a scraper.</summary>
public sealed partial class WatchedSystem : IAsyncLifetime
{
    // The command's shell passes no variable on whose name it could not have.
    private const string Model = "gpt_of_tests";
    private readonly EcoRun run = new("watched");
    private readonly Scratch scratch = new();
    // The app media is Node's and counts nothing.
    private readonly Dictionary<string, int> apps = RunFile.Apps.Where(app => app.Command[0] == "dotnet").ToDictionary(app => app.AppID, _ => ChildServer.FreePort());
    private readonly Dictionary<string, int> sidecars = RunFile.Apps.ToDictionary(app => app.AppID, _ => ChildServer.FreePort());
    private readonly Dictionary<string, HashSet<string>> exposed = new(StringComparer.Ordinal);

    /// <summary>Names as Prometheus stores them, each with the labels that a series of it was seen with; without series, none.</summary>
    public IReadOnlyDictionary<string, HashSet<string>> Exposed => exposed;

    public async Task InitializeAsync()
    {
        var port = ChildServer.FreePort();
        await using var models = ChildServer.Start(
            $"exec dotnet '{Path.Combine(Checkout.Root, "artifacts/bin/Eco2.ModelStandIn/release/Eco2.ModelStandIn.dll")}' --port {port} --vision-mean 0 --answer-mean 0", scratch.Path, temporary: false);
        await ChildServer.WaitForPortAsync(port);
        using var control = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        var settings = new Dictionary<string, string>
        {
            ["Models__Vision"] = "openai",
            ["Models__Answer"] = "openai",
            ["Models__OpenAI__BaseUrl"] = $"{control.BaseAddress}v1",
            ["Models__OpenAI__ApiKey"] = "a-key-for-tests",
            ["Models__OpenAI__VisionModel"] = Model,
            ["Models__OpenAI__AnswerModel"] = Model + "_without_price",
            [$"Models__Prices__{Model}__Input"] = "1",
            [$"Models__Prices__{Model}__Output"] = "2",
            ["Models__BreakerMinimum"] = "2",
        };
        PutBefore(scratch.Path);
        settings["PATH"] = $"{scratch.Path}:{Environment.GetEnvironmentVariable("PATH")}";
        await run.StartAsync(settings);

        await ScanAsync();
        // Twice, so that the breaker opens.
        using var busy = await control.PutAsJsonAsync("control", new { rate_429 = 1 });
        busy.EnsureSuccessStatusCode();
        await ScanAsync();
        await ScanAsync();
        await PublishPoisonAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                await CollectAsync();
                return exposed.GetValueOrDefault("eco2_dead_letters_kept_total") is { Count: > 0 } && exposed.GetValueOrDefault("dapr_runtime_workflow_execution_count") is { Count: > 0 };
            },
            "what happened is counted",
            TimeSpan.FromSeconds(60));
    }

    public async Task DisposeAsync()
    {
        await run.DisposeAsync();
        scratch.Dispose();
    }

    private async Task ScanAsync()
    {
        var (exit, said) = await run.Eco2Async("scan", Path.Combine(Checkout.Root, "samples/rendered-plastic-bottle.jpg"), "--json");
        Assert.True(exit == 0, said);
    }

    /// <summary>A message that nobody can read, as the app auth would send it through its sidecar.</summary>
    private async Task PublishPoisonAsync()
    {
        using var http = new HttpClient();
        var environment = await File.ReadAllTextAsync($"/proc/{run.Pid("auth")}/environ");
        http.DefaultRequestHeaders.Add("dapr-api-token", environment.Split('\0').Single(variable => variable.StartsWith("DAPR_API_TOKEN=", StringComparison.Ordinal))["DAPR_API_TOKEN=".Length..]);
        using var body = new StringContent("\"no registration\"", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(new Uri($"http://127.0.0.1:{run.SidecarPort("auth")}/v1.0/publish/pubsub/user.registered?metadata.cloudevent.id=poison"), body);
        answer.EnsureSuccessStatusCode();
    }

    private async Task CollectAsync()
    {
        using var http = new HttpClient();
        foreach (var url in apps.Values.Select(port => $"http://127.0.0.1:{port}/metrics").Concat(sidecars.Values.Select(port => $"http://127.0.0.1:{port}/")))
        {
            Read(await http.GetStringAsync(new Uri(url)));
        }
    }

    /// <summary>Another dotnet before the real one, which tells each app, and the sidecar of each, where to show its metrics, as Compose and the cluster do.</summary>
    private void PutBefore(string folder)
    {
        var script = new StringBuilder("#!/bin/sh\ncase \"$1\" in\n");
        foreach (var app in RunFile.Apps.Where(app => apps.ContainsKey(app.AppID)))
        {
            script.Append(CultureInfo.InvariantCulture, $"*/{Path.GetFileName(app.Command[1])}) export ECO2_METRICS_URL=http://127.0.0.1:{apps[app.AppID]} ;;\n");
        }

        script.Append("*/EmbeddedSidecar.dll) sed -i");
        foreach (var (app, port) in sidecars)
        {
            script.Append(CultureInfo.InvariantCulture, $" -e 's/{{\"appId\":\"{app}\"/&,\"metricsPort\":{port}/'");
        }

        script.Append(CultureInfo.InvariantCulture, $" \"$5\" ;;\nesac\nexec '{Environment.ProcessPath}' \"$@\"\n");
        var file = Path.Combine(folder, "dotnet");
        File.WriteAllText(file, script.ToString());
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
    }

    private void Read(string text)
    {
        foreach (Match type in Type().Matches(text))
        {
            foreach (var suffix in type.Groups["type"].Value == "histogram" ? ["_bucket", "_sum", "_count"] : (string[])[""])
            {
                exposed.TryAdd(type.Groups["name"].Value + suffix, []);
            }
        }

        foreach (Match series in Series().Matches(text))
        {
            // An empty label is none.
            exposed[series.Groups["name"].Value].UnionWith(Label().Matches(series.Groups["labels"].Value).Select(label => label.Groups["name"].Value).Append(""));
        }
    }

    [GeneratedRegex(@"^# TYPE (?<name>\S+) (?<type>\w+)", RegexOptions.Multiline)]
    private static partial Regex Type();

    [GeneratedRegex(@"^(?<name>[a-zA-Z_]\w*)(\{(?<labels>.*)\})? \S+\r?$", RegexOptions.Multiline)]
    private static partial Regex Series();

    [GeneratedRegex(@"(?<name>\w+)=""(?:[^""\\]|\\.)*""")]
    private static partial Regex Label();
}
