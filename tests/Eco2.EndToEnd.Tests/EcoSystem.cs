using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests;

/// <summary>The running product and a model server that the tests can hold back.</summary>
public sealed class EcoSystem : IAsyncLifetime
{
    private readonly EcoRun run;
    private readonly IReadOnlyDictionary<string, string> settings;

    public EcoSystem()
        : this("e2e", new Dictionary<string, string>())
    {
    }

    /// <summary>One more beside it, with settings of its own.</summary>
    internal EcoSystem(string name, IReadOnlyDictionary<string, string> settings) => (run, this.settings) = (new EcoRun(name), settings);

    /// <summary>Stands in for a model provider; apps that are told to use it find it here.</summary>
    public ModelServer Models { get; } = new();

    /// <summary>What a client asks to be traced arrives here.</summary>
    public TraceCollector Traces { get; } = new();

    public string State => run.State;

    public Uri Url => run.Url;

    /// <summary>The connection string of the database's owner.</summary>
    public string Postgres => run.Postgres;

    /// <inheritdoc cref="EcoRun.Redis"/>
    public string Redis => run.Redis;

    public static string Root => Checkout.Root;

    public static string Command => EcoRun.Command;

    public async Task InitializeAsync()
    {
        await Models.StartAsync();
        await Traces.StartAsync();
        await StartAsync();
    }

    public async Task DisposeAsync()
    {
        await run.DisposeAsync();
        await Models.DisposeAsync();
        await Traces.DisposeAsync();
    }

    public Task StartAsync() => run.StartAsync(Models.Environment.Concat(Traces.Environment).Concat(settings).ToDictionary());

    /// <inheritdoc cref="EcoRun.StopAsync"/>
    public Task StopAsync() => run.StopAsync();

    /// <inheritdoc cref="EcoRun.Processes"/>
    public IReadOnlyList<string> Processes => run.Processes;

    public int Pid(string app) => run.Pid(app);

    public int Port(string app) => run.Port(app);

    public int SidecarPort(string app) => run.SidecarPort(app);

    /// <inheritdoc cref="EcoRun.KillAsync"/>
    public Task KillAsync(string app) => run.KillAsync(app);

    /// <inheritdoc cref="EcoRun.Signal(string, int)"/>
    public void Signal(string process, int signal) => run.Signal(process, signal);

    public Task<(int ExitCode, string Output)> Eco2Async(params string[] arguments) => run.Eco2Async(arguments);

    public static Task<(int ExitCode, string Output)> RunAsync(string command, params string[] arguments) => EcoRun.RunAsync(command, arguments);
}

[CollectionDefinition(Name)]
public sealed class SharedSystem : ICollectionFixture<EcoSystem>
{
    public const string Name = "the running system";
}
