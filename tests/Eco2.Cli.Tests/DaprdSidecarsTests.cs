using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Eco2.Cli.Tests;

/// <summary>What the integration suites ask of Dapr's own programs with ECO2_RUNTIME=daprd. They are stand-ins that write down how they were started.</summary>
public sealed class DaprdSidecarsTests : IAsyncLifetime
{
    private const string State = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: state }\nspec: { type: state.in-memory, version: v1 }\n";
    private readonly string bin = Directory.CreateTempSubdirectory("eco2-dapr-bin-").FullName;

    private string Record => Path.Combine(bin, "record");

    public Task InitializeAsync()
    {
        foreach (var program in (string[])["daprd", "placement", "scheduler"])
        {
            File.Copy(Path.Combine(Checkout.Root, "tests/Eco2.Testing/StandIns/dapr.js"), Path.Combine(bin, program));
        }

        return Task.CompletedTask;
    }

    public Task DisposeAsync()
    {
        Directory.Delete(bin, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Each_app_of_a_test_gets_a_daprd_that_finds_it_wherever_it_comes_to_listen()
    {
        await using var sidecars = await DaprdSidecars.StartAsync(State, [App("shop"), App("shop"), App("caller") with { AwaitsAppPort = false }], bin);
        var started = File.ReadAllLines(Record).Select(line => JsonSerializer.Deserialize<Start>(line, JsonSerializerOptions.Web)!).ToList();
        var daprds = started.Where(one => one.Program == "daprd").OrderBy(one => one["--app-id"]).ToList();

        Assert.Equal(["caller", "shop", "shop"], daprds.Select(one => one["--app-id"]));
        Assert.Equal(sidecars.Apps.Select(app => $"{app.HttpPort} {app.GrpcPort}").Order(), daprds.Select(one => $"{one["--dapr-http-port"]} {one["--dapr-grpc-port"]}").Order());
        // One that only calls has no port where it could be called.
        Assert.DoesNotContain("--app-port", daprds[0].Args);
        Assert.Equal(2, daprds.Skip(1).Select(one => one["--app-port"]).Distinct().Count());
        Assert.All(daprds, one =>
        {
            Assert.Equal(State, File.ReadAllText(Path.Combine(one["--resources-path"], "resources.yaml")));
            Assert.Equal("1000", one["--max-body-size"]);
            Assert.Equal($"127.0.0.1:{started.Single(other => other.Program == "placement")["--port"]}", one["--placement-host-address"]);
            Assert.Equal($"127.0.0.1:{started.Single(other => other.Program == "scheduler")["--port"]}", one["--scheduler-host-address"]);
            Assert.Equal(("api", "app", "there"), (one.Env["DAPR_API_TOKEN"], one.Env["APP_API_TOKEN"], one.Env["ECO2_REDIS_HOST"]));
        });
        Assert.Equal(5, Directory.GetFiles(sidecars.Logs, "*.log").Count(log => File.ReadLines(log).First().StartsWith("$ " + bin, StringComparison.Ordinal)));

        Assert.Equal("first", await AnswerAsync(sidecars, "first"));
        // Another process in its place.
        Assert.Equal("second", await AnswerAsync(sidecars, "second"));
    }

    [Fact]
    public async Task One_that_does_not_come_up_is_shown_with_the_end_of_its_log()
    {
        var app = App("shop");
        var broken = app with { Environment = new Dictionary<string, string>(app.Environment) { ["ECO2_STAND_IN_FAILS"] = "scheduler" } };

        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => DaprdSidecars.StartAsync(State, [broken], bin));

        Assert.Contains("scheduler: unknown flag: --of-the-future", failed.Message, StringComparison.Ordinal);
        Assert.Contains($"$ {Path.Combine(bin, "scheduler")} ", failed.Message, StringComparison.Ordinal);
    }

    /// <summary>So whatever eco2 asks of Dapr in these tests is among the arguments that Dapr 1.18.3 has.</summary>
    [Theory]
    [InlineData("daprd", "--app-helth-check-path", "/well", "unknown flag: --app-helth-check-path")]
    [InlineData("scheduler", "--initial-cluster", "x", "unknown flag: --initial-cluster")]
    [InlineData("placement", "--tls-enabled", "false", "unknown word: false")]
    [InlineData("daprd", "--app-id", "--log-as-json", "flag needs an argument: --app-id")]
    public async Task A_stand_in_takes_only_what_the_program_takes(string program, string argument, string value, string said)
    {
        var (exit, output) = await EcoRun.RunAsync(Path.Combine(bin, program), argument, value);

        Assert.Equal((2, said), (exit, output.Trim()));
    }

    /// <summary>What a caller brings back from an app that was attached to the shop's sidecars.</summary>
    private static async Task<string> AnswerAsync(DaprdSidecars sidecars, string word)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.MapGet("/word", () => word);
        await app.StartAsync();
        // Which of the two is asked is the stand-in's matter.
        await Task.WhenAll(sidecars.Apps.Where(one => one.AppId == "shop").Select(one => one.AttachAsync(new Uri(app.Urls.First()).Port)));
        using var http = new HttpClient();
        var said = "";
        await Eventually.TrueAsync(
            async () =>
            {
                // A connection to the former process may be tried once more.
                using var answer = await http.GetAsync(new Uri($"{sidecars["caller"].HttpEndpoint}/v1.0/invoke/shop/method/word"));
                said = await answer.Content.ReadAsStringAsync();
                return answer.IsSuccessStatusCode;
            },
            "the shop answers");
        return said;
    }

    private AppSettings App(string id) => new()
    {
        AppId = id,
        AwaitsAppPort = true,
        ApiToken = "api",
        AppToken = "app",
        MaxBodyBytes = 1000,
        Environment = new Dictionary<string, string> { ["ECO2_STAND_IN_RECORD"] = Record, ["ECO2_REDIS_HOST"] = "there" },
    };

    private sealed record Start(string Program, IReadOnlyList<string> Args, IReadOnlyDictionary<string, string> Env)
    {
        public string this[string argument] => Args[Args.ToList().IndexOf(argument) + 1];
    }
}
