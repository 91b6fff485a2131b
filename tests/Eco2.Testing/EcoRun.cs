using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Eco2.Testing;

/// <summary>The whole product as a user starts it: <c>eco2 up</c> with real processes, on free ports and in a folder of its own.</summary>
public sealed partial class EcoRun(string name) : IAsyncDisposable
{
    private Process? up;

    /// <summary>What the apps run on: ECO2_COMPONENTS, as <c>eco2 up --components</c> takes it, or redis.</summary>
    public static string Components { get; } = Environment.GetEnvironmentVariable("ECO2_COMPONENTS") is { Length: > 0 } target ? target : "redis";

    /// <summary>The process that carries the messages, under its name.</summary>
    public static string Broker => Components == "rabbitmq" ? "rabbitmq" : "redis";

    /// <summary>Data, logs and secrets of this run; removed at the end.</summary>
    public string State { get; } = Path.Combine(Path.GetTempPath(), $"eco2-{name}-{Environment.ProcessId}");

    /// <summary>Address of the gateway.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1");

    /// <summary>True when the sidecars are Dapr's own: <c>ECO2_RUNTIME=daprd</c>.</summary>
    public static bool OnDaprd => Environment.GetEnvironmentVariable("ECO2_RUNTIME") == "daprd";

    /// <summary>The eco2 command as it was built.</summary>
    public static string Command { get; } = Path.Combine(Checkout.Root, "artifacts/bin/Eco2.Cli/release/Eco2.Cli.dll");

    /// <summary>What the command printed so far.</summary>
    public string Output => File.Exists(Log) ? File.ReadAllText(Log) : "";

    private string Log => Path.Combine(State, "up.log");

    private string Instances => Path.Combine(State, "instances.json");

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <param name="environment">What the apps are told beside what eco2 tells them.</param>
    /// <param name="options">Further options of <c>eco2 up</c>.</param>
    public async Task StartAsync(IReadOnlyDictionary<string, string> environment, params string[] options)
    {
        Launch(environment, options);
        await ReadyAsync();
    }

    /// <summary>Starts it and returns, before any app runs, as soon as it is known where the gateway will be: that is <see cref="Url"/>.</summary>
    /// <param name="environment">What the apps are told beside what eco2 tells them.</param>
    /// <param name="options">Further options of <c>eco2 up</c>.</param>
    public async Task StartColdAsync(IReadOnlyDictionary<string, string> environment, params string[] options)
    {
        Directory.CreateDirectory(State);
        File.Delete(Instances);
        Launch(environment, options);
        await Eventually.TrueAsync(() => up!.HasExited ? throw new InvalidOperationException($"eco2 up ended:\n{Output}") : KnowsGateway(), "the ports are chosen", TimeSpan.FromSeconds(60));
    }

    /// <summary>Waits until it is ready.</summary>
    public async Task ReadyAsync()
    {
        await Eventually.TrueAsync(
            // A run that was killed leaves its record.
            () => up!.HasExited
                ? throw new InvalidOperationException($"eco2 up ended:\n{Output}")
                : File.Exists(Path.Combine(State, "run.json")) && Run().GetProperty("pid").GetInt32() == up.Id,
            "eco2 up is ready",
            // A dozen daprd take their time on few cores.
            TimeSpan.FromSeconds(OnDaprd ? 240 : 90));
        Url = new Uri(Run().GetProperty("url").GetString()!);
    }

    private void Launch(IReadOnlyDictionary<string, string> environment, string[] options)
    {
        Directory.CreateDirectory(State);
        // By the full path: a test may put another dotnet first, for what eco2 starts.
        // Ctrl-C must end it also where the tests run in the background of a script, whose children ignore it.
        var start = new ProcessStartInfo("sh", ["-c", "exec env --default-signal=INT \"$@\" >>\"$0\" 2>&1 </dev/null", Log, Environment.ProcessPath!, Command, "up", "--no-build", "--free-ports", "--state", State, .. options.Contains("--components") ? Array.Empty<string>() : ["--components", Components], .. options])
        {
            UseShellExecute = false,
        };
        // Everybody comes from one address here, and faster than people do.
        start.Environment["Edge__LimitFactor"] = "10000";
        start.Environment["Gateway__MaxConnectionsPerAddress"] = "0";
        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }

        up = Process.Start(start)!;
    }

    private bool KnowsGateway()
    {
        try
        {
            var gateway = JsonElement.Parse(File.ReadAllText(Instances)).EnumerateArray().First(app => app.GetProperty("appId").GetString() == "gateway");
            Url = new Uri($"http://127.0.0.1:{gateway.GetProperty("appPort").GetInt32()}");
            return true;
        }
        catch (Exception notYet) when (notYet is IOException or JsonException)
        {
            // Not there, or half written.
            return false;
        }
    }

    /// <summary>Ctrl-C.</summary>
    public async Task StopAsync()
    {
        Signal(up!.Id, 2);
        await up.WaitForExitAsync();
    }

    /// <summary>kill -9 of the command itself: what it started lives on without it.</summary>
    public async Task KillCommandAsync()
    {
        Signal(up!.Id, 9);
        await up.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (up is { HasExited: false })
        {
            await StopAsync();
        }

        using var remove = Process.Start("rm", ["-rf", State]);
        await remove.WaitForExitAsync();
    }

    /// <summary>Everything that runs: postgres, redis, the apps by their names (<c>worker</c>, <c>worker-2</c>), and <c>sidecar</c>, or
    /// placement, scheduler and one <c>daprd-worker-2</c> for each of them. Where a process is asked for, <c>sidecar</c> means them all.</summary>
    public IReadOnlyList<string> Processes => [.. Parts().Select(part => part.GetProperty("name").GetString()!)];

    /// <summary>The process that runs under this name now; 0 while there is none.</summary>
    public int Pid(string process) =>
        Part(Expand(process)[0]).GetProperty("pid") is { ValueKind: JsonValueKind.Number } pid && IsAlive(pid.GetInt32()) ? pid.GetInt32() : 0;

    public int Port(string app) => Part(app).GetProperty("port").GetInt32();

    public int SidecarPort(string app) => Part(app).GetProperty("daprHttpPort").GetInt32();

    /// <summary>Connection string of the database's owner.</summary>
    public string Postgres => Run().GetProperty("postgres").GetString()!;

    /// <summary>host:port; only on a target that has one.</summary>
    public string Redis => Run().GetProperty("redis").GetString()!;

    /// <summary>Lets the RabbitMQ of the run evaluate an expression.</summary>
    public async Task<string> AskRabbitMqAsync(string expression)
    {
        var environment = (await File.ReadAllTextAsync($"/proc/{Pid("rabbitmq")}/environ")).Split('\0');
        var port = environment.First(entry => entry.StartsWith("RABBITMQ_DIST_PORT=", StringComparison.Ordinal)).Split('=')[1];
        var secrets = JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(State, "secrets.json")));
        return await ErlangNode.AskAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture), secrets.GetProperty("RabbitMq").GetString()!, expression);
    }

    /// <summary>kill -9, and the wait until another process has taken its place.</summary>
    public async Task KillAsync(params string[] processes)
    {
        var before = processes.SelectMany(Expand).ToDictionary(process => process, Pid);
        foreach (var pid in before.Values.Where(pid => pid != 0))
        {
            Signal(pid, 9);
        }

        await Eventually.TrueAsync(
            () => before.All(one => Pid(one.Key) is var now && now != 0 && now != one.Value),
            $"{string.Join(" and ", processes)} started again",
            TimeSpan.FromSeconds(60));
    }

    /// <summary>Sends a signal to what runs under a name now.</summary>
    public void Signal(string process, int signal) => Array.ForEach(Expand(process), one => Signal(Pid(one), signal));

    /// <summary>Runs the eco2 command to its end.</summary>
    public Task<(int ExitCode, string Output)> Eco2Async(params string[] arguments) =>
        RunAsync(Environment.ProcessPath!, [Command, .. arguments, "--state", State]);

    /// <summary>Runs any command to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    private string[] Expand(string process) =>
        process == "sidecar" && Processes is var all && !all.Contains("sidecar", StringComparer.Ordinal) ? [.. all.Where(name => name.StartsWith("daprd-", StringComparison.Ordinal))] : [process];

    private JsonElement Part(string name) => Parts().First(part => part.GetProperty("name").GetString() == name);

    private IEnumerable<JsonElement> Parts() => Run() is var run ? run.GetProperty("servers").EnumerateArray().Concat(run.GetProperty("apps").EnumerateArray()) : [];

    private JsonElement Run() => JsonElement.Parse(File.ReadAllText(Path.Combine(State, "run.json")));

    // A process that ended and was not waited for yet is still listed.
    private static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..][0] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static void Signal(int pid, int signal)
    {
        // 0 would mean our own group.
        if (pid > 0)
        {
            _ = Kill(pid, signal);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
