using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Eco2.Testing;

/// <summary>
/// A sidecar for tests, in this process or, with ECO2_RUNTIME=daprd, a daprd for each app: real ports, real components. Give it the apps and
/// the components they need; an app whose port is not known yet says <c>AwaitsAppPort = true</c> and is attached later.
/// </summary>
public sealed class SidecarFixture : IAsyncDisposable
{
    /// <summary>Stores state and jobs, pubsub and broadcast, in memory: for one app, or several that share nothing but messages.</summary>
    public static readonly string InMemory = Component("state", "state.in-memory")
        + Component("jobs", "state.in-memory", "keyPrefix: name")
        + Component("workflow", "state.in-memory", "actorStateStore: true")
        + Component("pubsub", "pubsub.in-memory")
        + Component("broadcast", "pubsub.in-memory");

    private SidecarFixture(ISidecarRun host) => Host = host;

    public ISidecarRun Host { get; }

    /// <summary>The stores and brokers of components/redis, on this server.</summary>
    public static string OnRedis(RedisServer redis) => Component("state", "state.redis", $"redisHost: {redis.Host}")
        + Component("jobs", "state.redis", $"redisHost: {redis.Host}", "keyPrefix: name")
        + Component("workflow", "state.redis", $"redisHost: {redis.Host}", "actorStateStore: true")
        + Component("pubsub", "pubsub.redis", $"redisHost: {redis.Host}")
        + Component("broadcast", "pubsub.redis", $"redisHost: {redis.Host}", "consumerID: {uuid}");

    /// <summary>A state store on this database (a connection string of Npgsql).</summary>
    public static string OnPostgres(string name, string database, params string[] settings)
    {
        var server = new NpgsqlConnectionStringBuilder(database);
        return Component(name, "state.postgresql", [$"connectionString: host={server.Host} port={server.Port} user={server.Username} dbname={server.Database}", .. settings])
            .Replace("version: v1", "version: v2", StringComparison.Ordinal);
    }

    /// <summary>One component document; settings are "name: value".</summary>
    public static string Component(string name, string type, params string[] settings) => $$"""
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: {{name}} }
        spec:
          type: {{type}}
          version: v1
          metadata:
        {{string.Concat(settings.Select(setting => setting.Split(": ", 2)).Select(pair => $"    - {{ name: {pair[0]}, value: \"{pair[1]}\" }}\n"))}}

        """;

    /// <exception cref="SidecarConfigurationException">The sidecar refuses what it is given.</exception>
    public static Task<SidecarFixture> StartAsync(string resources, params AppSettings[] apps) => StartAsync(TimeProvider.System, resources, apps);

    /// <param name="clock">Of the embedded sidecar; daprd has only the machine's.</param>
    /// <param name="resources">YAML documents for the apps that have none of their own.</param>
    /// <param name="apps">Whose sidecars.</param>
    public static async Task<SidecarFixture> StartAsync(TimeProvider clock, string resources, params AppSettings[] apps)
    {
        AppSettings[] given = [.. apps.Select(app => app with { InlineResources = app.InlineResources ?? resources })];
        return new(EcoRun.OnDaprd ? await DaprdRun.StartAsync(given) : new EmbeddedRun(await SidecarHost.StartAsync(
            new SidecarOptions { Apps = given, Clock = clock, Logs = LoggerFactory.Create(_ => { }) },
            CancellationToken.None)));
    }

    /// <summary>The first instance of an app.</summary>
    public SidecarPorts this[string appId] => Host.App(appId);

    /// <summary>Waits until every app that has a port was found and subscribed.</summary>
    public Task WaitUntilReadyAsync() => Task.WhenAll(Host.Apps.Select(app => app.WaitUntilReadyAsync(CancellationToken.None))).WaitAsync(TimeSpan.FromSeconds(30));

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
