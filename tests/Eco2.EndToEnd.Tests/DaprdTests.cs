using System.Text.Json;
using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests;

/// <summary>What <c>eco2 up</c> asks of Dapr's own programs. They are stand-ins that write down how they were started: whether Dapr
/// understands it is seen where Dapr is (docs/daprd.md).</summary>
[Collection(AloneOnTheMachine.Name)]
public sealed class DaprdTests : IAsyncLifetime
{
    private static readonly string[] Programs = ["daprd", "placement", "scheduler"];
    private readonly string bin = Directory.CreateTempSubdirectory("eco2-dapr-bin-").FullName;
    private readonly EcoRun run = new("daprd");

    private string Record => Path.Combine(bin, "record");

    [Fact]
    public async Task Every_process_of_every_app_gets_a_daprd_of_its_own()
    {
        Install(Programs);
        await run.StartAsync(Environment(), "--replicas", "worker=2");
        var started = Started();
        var sidecars = started.Where(one => one.Program == "daprd").ToList();

        Assert.Equal(["auth", "character", "event-router", "gateway", "image", "media", "my", "scan", "sse-gateway", "worker", "worker"], sidecars.Select(one => one["--app-id"]).Order(StringComparer.Ordinal));
        Assert.Equal(sidecars.Count * 4, sidecars.SelectMany(one => new[] { one["--app-port"], one["--dapr-http-port"], one["--dapr-grpc-port"], one["--dapr-internal-grpc-port"] }).Distinct().Count());
        Assert.Equal(
            new[] { $"{run.Port("worker")}", $"{run.Port("worker-2")}" }.Order(StringComparer.Ordinal),
            sidecars.Where(one => one["--app-id"] == "worker").Select(one => one["--app-port"]).Order(StringComparer.Ordinal));
        foreach (var one in sidecars)
        {
            Assert.Equal("127.0.0.1", one["--dapr-listen-addresses"]);
            Assert.Equal("127.0.0.1", one["--dapr-internal-grpc-listen-address"]);
            Assert.Equal("16Mi", one["--max-body-size"]);
            Assert.Equal(Path.Combine(EcoSystem.Root, "components", EcoRun.Components), one["--resources-path"]);
            var configurations = await Task.WhenAll(one.Args.Index().Where(argument => argument.Item == "--config").Select(argument => File.ReadAllTextAsync(one.Args[argument.Index + 1])));
            Assert.Contains(configurations, text => text.Contains("component: sqlite", StringComparison.Ordinal));
            Assert.Contains(configurations, text => text.Contains("tracing:", StringComparison.Ordinal));
            Assert.Equal($"127.0.0.1:{Port(started, "placement")}", one["--placement-host-address"]);
            Assert.Equal($"127.0.0.1:{Port(started, "scheduler")}", one["--scheduler-host-address"]);
        }

        // Its data outlives the run; a timer of a workflow lives there.
        Assert.StartsWith(run.State, started.Single(one => one.Program == "scheduler")["--etcd-data-dir"], StringComparison.Ordinal);
        // daprd reads what its components take from the environment, and the tokens of the run.
        string[] wanted = EcoRun.Broker == "redis" ? ["ECO2_REDIS_HOST", "ECO2_REDIS_PASSWORD"] : ["ECO2_RABBITMQ", "ECO2_STATE_POSTGRES"];
        Assert.All(sidecars, one => Assert.All([.. wanted, "ECO2_OBJECTS_DIR", "ECO2_MAIL_DIR"], name => Assert.NotEmpty(one.Env[name])));
        Assert.Single(sidecars.Select(one => (one.Env["DAPR_API_TOKEN"], one.Env["APP_API_TOKEN"])).Distinct());
        Assert.All(sidecars, one => Assert.Equal("127.0.0.1", one.Env["DAPR_HOST_IP"]));
        Assert.All(sidecars, one => Assert.DoesNotContain(one.Args, argument => argument.Contains(one.Env["DAPR_API_TOKEN"], StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_command_is_in_the_log_and_a_daprd_that_dies_is_started_again_the_same_and_stopped_with_the_rest()
    {
        Install(Programs);
        await run.StartAsync(Environment());

        await run.KillAsync("daprd-worker");
        await Eventually.TrueAsync(() => Started().Count(one => one.Args.Contains("worker")) == 2, "it says how it was started");
        var twice = Started().Where(one => one.Args.Contains("worker")).ToList();
        var log = File.ReadLines(Path.Combine(run.State, "logs/daprd-worker.log")).First();

        Assert.Equal(twice[0].Args, twice[1].Args);
        Assert.Equal($"$ {Path.Combine(bin, "daprd")} {string.Join(' ', twice[0].Args)}", log);
        Assert.Contains("daprd 1.18.3 at " + bin, run.Output, StringComparison.Ordinal);
        var pids = run.Processes.Select(run.Pid).ToList();

        await run.StopAsync();

        Assert.Contains(pids, pid => pid != 0);
        Assert.DoesNotContain(pids, pid => pid != 0 && Directory.Exists($"/proc/{pid}"));
    }

    [Theory]
    [InlineData("scheduler")]
    [InlineData("daprd")]
    public async Task One_that_does_not_start_is_shown_with_the_end_of_its_log(string program)
    {
        Install(Programs);
        var environment = Environment();
        environment["ECO2_STAND_IN_FAILS"] = program;

        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => run.StartAsync(environment));

        Assert.Contains($"{program}: unknown flag: --of-the-future", failed.Message, StringComparison.Ordinal);
        Assert.Contains($"$ {Path.Combine(bin, program)} ", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_missing_is_named_with_where_it_comes_from()
    {
        Install("daprd", "placement");

        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => run.StartAsync(Environment()));

        Assert.Contains("there is no scheduler", failed.Message, StringComparison.Ordinal);
        Assert.Contains("dapr init --slim", failed.Message, StringComparison.Ordinal);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await run.DisposeAsync();
        Directory.Delete(bin, recursive: true);
    }

    private void Install(params string[] programs)
    {
        foreach (var program in programs)
        {
            File.Copy(Path.Combine(EcoSystem.Root, "tests/Eco2.Testing/StandIns/dapr.js"), Path.Combine(bin, program));
        }
    }

    /// <summary>As if Dapr were not on this machine but for the stand-ins.</summary>
    private Dictionary<string, string> Environment()
    {
        var path = System.Environment.GetEnvironmentVariable("PATH")!.Split(':').Where(folder => !Programs.Any(program => File.Exists(Path.Combine(folder, program))));
        return new Dictionary<string, string> { ["PATH"] = string.Join(':', path.Prepend(bin)), ["HOME"] = bin, ["ECO2_RUNTIME"] = "daprd", ["ECO2_STAND_IN_RECORD"] = Record };
    }

    private List<Start> Started() =>
        [.. File.ReadAllLines(Record).Select(line => JsonSerializer.Deserialize<Start>(line, JsonSerializerOptions.Web)!)];

    private static string Port(List<Start> started, string program) => started.Single(one => one.Program == program)["--port"];

    private sealed record Start(string Program, IReadOnlyList<string> Args, IReadOnlyDictionary<string, string> Env)
    {
        public string this[string argument] => Args[Args.ToList().IndexOf(argument) + 1];
    }
}
