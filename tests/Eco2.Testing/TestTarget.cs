using EmbeddedSidecar.Apps;

namespace Eco2.Testing;

/// <summary>What the apps of a test run on: the component files of the target that ECO2_COMPONENTS names (redis by itself), on servers of its own.</summary>
public abstract class TestTarget(string name) : IAsyncDisposable
{
    /// <summary>What the component files take from the environment.</summary>
    public abstract IReadOnlyDictionary<string, string> Environment { get; }

    /// <exception cref="NotSupportedException">There are no servers for this target on a test machine.</exception>
    public static async Task<TestTarget> StartAsync() => EcoRun.Components switch
    {
        "redis" => new RedisTarget(await RedisServer.StartAsync()),
        "rabbitmq" => await RabbitMqTarget.OnItsOwnAsync(),
        var other => throw new NotSupportedException($"ECO2_COMPONENTS is {other}; tests know redis and rabbitmq."),
    };

    /// <summary>The text of a component file, <c>pubsub</c> for components/TARGET/pubsub.yaml.</summary>
    public string Read(string component) => File.ReadAllText(Path.Combine(Checkout.Root, "components", name, $"{component}.yaml"));

    /// <summary>Sidecars over these component documents, which may refer to the servers of this target.</summary>
    /// <param name="resources">YAML documents.</param>
    /// <param name="apps">Whose sidecars; their own variables go over those of the target.</param>
    public Task<AppSidecars> StartSidecarsAsync(IEnumerable<string> resources, params AppSettings[] apps) =>
        AppSidecars.StartAsync(
            string.Join("\n---\n", resources),
            [.. apps.Select(app => app with { Environment = app.Environment.Concat(Environment).DistinctBy(pair => pair.Key).ToDictionary() })]);

    /// <summary>Seconds until a key of the store of jobs expires; -1: never, -2: there is no such key.</summary>
    public abstract Task<int> TtlAsync(string key);

    /// <summary>How often a value was written; null where the store doesn't count.</summary>
    /// <param name="prefix">What the store puts before the key: an app's id, or the name of a component that apps share.</param>
    /// <param name="key">As the app says it.</param>
    public abstract Task<int?> WritesAsync(string prefix, string key);

    /// <summary>How many keys of the state stores name this, or have it in what they hold.</summary>
    public abstract Task<int> CountAsync(string text);

    /// <summary>Takes the state stores away; <see cref="RestoreStateAsync"/> brings them back.</summary>
    public abstract Task CutStateAsync();

    public abstract Task RestoreStateAsync();

    public abstract ValueTask DisposeAsync();
}
