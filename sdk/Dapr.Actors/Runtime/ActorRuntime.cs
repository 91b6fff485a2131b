using System.Text.Json;
using Dapr.Actors.Client;
using Microsoft.Extensions.Logging;

namespace Dapr.Actors.Runtime;

/// <summary>The actors that this app hosts.</summary>
public sealed class ActorRuntime
{
    private readonly ActorRuntimeOptions _options;
    private readonly Dictionary<string, ActorManager> _managers = new(StringComparer.Ordinal);

    internal ActorRuntime(
        ActorRuntimeOptions options, ILoggerFactory loggers, ActorActivatorFactory activators, IActorProxyFactory proxies, TimeProvider clock)
    {
        _options = options;
        foreach (var actor in options.Actors)
        {
            var activator = actor.Activator ?? activators.CreateActivator(actor.Type);
            _managers[actor.Type.ActorTypeName] = new ActorManager(actor.Type, activator, options, loggers, proxies, clock);
        }
    }

    /// <summary>The types.</summary>
    public IReadOnlyList<ActorRegistration> RegisteredActors => _options.Actors;

    /// <exception cref="InvalidOperationException">This app does not host the type.</exception>
    internal ActorManager Manager(string actorType) => _managers.TryGetValue(actorType, out var manager)
        ? manager
        : throw new InvalidOperationException($"This app does not host the actor type {actorType}.");

    /// <summary>What the sidecar asks for at <c>/dapr/config</c>.</summary>
    internal byte[] WriteConfiguration()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            WriteEntities(writer, _options.Actors);
            Write(writer, _options);
            var special = _options.Actors.Where(actor => actor.TypeOptions is not null).ToArray();
            if (special.Length > 0)
            {
                writer.WriteStartArray("entitiesConfig");
                foreach (var actor in special)
                {
                    writer.WriteStartObject();
                    WriteEntities(writer, [actor]);
                    Write(writer, actor.TypeOptions);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void WriteEntities(Utf8JsonWriter writer, IEnumerable<ActorRegistration> actors)
    {
        writer.WriteStartArray("entities");
        foreach (var actor in actors)
        {
            writer.WriteStringValue(actor.Type.ActorTypeName);
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, ActorRuntimeOptions options)
    {
        Write(writer, "actorIdleTimeout", options.ActorIdleTimeout);
        Write(writer, "actorScanInterval", options.ActorScanInterval);
        Write(writer, "drainOngoingCallTimeout", options.DrainOngoingCallTimeout);
        if (options.DrainRebalancedActors)
        {
            writer.WriteBoolean("drainRebalancedActors", true);
        }

        if (options.RemindersStoragePartitions is { } partitions)
        {
            writer.WriteNumber("remindersStoragePartitions", partitions);
        }

        writer.WriteStartObject("reentrancy");
        writer.WriteBoolean("enabled", options.ReentrancyConfig.Enabled);
        if (options.ReentrancyConfig.MaxStackDepth is { } depth)
        {
            writer.WriteNumber("maxStackDepth", depth);
        }

        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, TimeSpan? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, Durations.Write(value));
        }
    }
}
