using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests;

/// <summary>The whole product as a user starts it: <c>eco2 up</c> with real processes, on free ports and in a folder of its own.</summary>
public sealed partial class EcoSystem : IAsyncLifetime
{
    private Process? up;

    /// <summary>Stands in for a model provider; apps that are told to use it find it here.</summary>
    public ModelServer Models { get; } = new();

    public string State { get; } = Path.Combine(Path.GetTempPath(), $"eco2-e2e-{Environment.ProcessId}");

    public Uri Url { get; private set; } = new("http://127.0.0.1");

    public static string Root { get; } = Checkout.Root;

    public static string Command { get; } = Path.Combine(Root, "artifacts/bin/Eco2.Cli/release/Eco2.Cli.dll");

    public async Task InitializeAsync()
    {
        await Models.StartAsync();
        await StartAsync();
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        await Models.DisposeAsync();
        await RunAsync("rm", "-rf", State);
    }

    public async Task StartAsync()
    {
        Directory.CreateDirectory(State);
        var start = new ProcessStartInfo("sh", ["-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", Path.Combine(State, "up.log"), "dotnet", Command, "up", "--no-build", "--free-ports", "--state", State])
        {
            UseShellExecute = false,
        };
        foreach (var (name, value) in Models.Environment)
        {
            start.Environment[name] = value;
        }

        up = Process.Start(start)!;
        await Eventually.TrueAsync(
            () => up.HasExited ? throw new InvalidOperationException($"eco2 up ended:\n{File.ReadAllText(Path.Combine(State, "up.log"))}") : File.Exists(Path.Combine(State, "run.json")),
            "eco2 up is ready",
            TimeSpan.FromSeconds(90));
        Url = new Uri(Run().GetProperty("url").GetString()!);
    }

    /// <summary>Ctrl-C.</summary>
    public async Task StopAsync()
    {
        _ = Kill(up!.Id, 2);
        await up.WaitForExitAsync();
    }

    /// <summary>The process of an app, which changes when it is started again.</summary>
    public int Pid(string app)
    {
        var port = Port(app);
        foreach (var folder in Directory.GetDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)))
        {
            try
            {
                var environment = File.ReadAllText(Path.Combine(folder, "environ")).Split('\0');
                if (app == "sidecar"
                    ? environment.Contains($"ECO2_OBJECTS_DIR={State}/objects") && File.ReadAllText(Path.Combine(folder, "cmdline")).Contains("EmbeddedSidecar.dll", StringComparison.Ordinal)
                    : environment.Contains($"APP_PORT={port}") && environment.Contains($"APP_ID={app}"))
                {
                    return int.Parse(Path.GetFileName(folder), System.Globalization.CultureInfo.InvariantCulture);
                }
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // It ended while we looked.
            }
        }

        return 0;
    }

    public int Port(string app) => App(app).GetProperty("port").GetInt32();

    public int SidecarPort(string app) => App(app).GetProperty("daprHttpPort").GetInt32();

    /// <summary>kill -9, and the wait until another process has taken its place.</summary>
    public async Task KillAsync(string app)
    {
        var before = Pid(app);
        _ = Kill(before, 9);
        await Eventually.TrueAsync(() => Pid(app) is var now && now != 0 && now != before, $"{app} is started again");
    }

    /// <summary>Runs the eco2 command to its end.</summary>
    public Task<(int ExitCode, string Output)> Eco2Async(params string[] arguments) => RunAsync("dotnet", [Command, .. arguments, "--state", State]);

    public static async Task<(int ExitCode, string Output)> RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    private JsonElement App(string name) => Run().GetProperty("apps").EnumerateArray().First(app => app.GetProperty("name").GetString() == name);

    private JsonElement Run() => JsonDocument.Parse(File.ReadAllText(Path.Combine(State, "run.json"))).RootElement;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}

[CollectionDefinition(Name)]
public sealed class SharedSystem : ICollectionFixture<EcoSystem>
{
    public const string Name = "the running system";
}
