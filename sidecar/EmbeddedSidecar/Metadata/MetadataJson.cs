using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;

namespace EmbeddedSidecar.Metadata;

/// <summary>The metadata as the HTTP API has it.</summary>
internal static class MetadataJson
{
    public static void Write(Utf8JsonWriter json, GetMetadataResponse reply)
    {
        json.WriteStartObject();
        json.WriteString("id", reply.Id);
        json.WriteString("runtimeVersion", reply.RuntimeVersion);
        Each(json, "enabledFeatures", reply.EnabledFeatures, feature => json.WriteStringValue(feature));
        Each(json, "actors", reply.ActorRuntime.ActiveActors, actor => Actor(json, actor));
        Each(json, "components", reply.RegisteredComponents, component => Component(json, component));
        json.WriteStartObject("extended");
        foreach (var (name, value) in reply.ExtendedMetadata)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        Each(json, "subscriptions", reply.Subscriptions, subscription => Subscription(json, subscription));
        Each(json, "httpEndpoints", reply.HttpEndpoints, endpoint => Named(json, endpoint.Name));
        if (reply.AppConnectionProperties is { } app)
        {
            json.WriteStartObject("appConnectionProperties");
            json.WriteNumber("port", app.Port);
            json.WriteString("protocol", app.Protocol);
            json.WriteString("channelAddress", app.ChannelAddress);
            if (app.MaxConcurrency > 0)
            {
                json.WriteNumber("maxConcurrency", app.MaxConcurrency);
            }

            if (app.Health is { } health)
            {
                json.WriteStartObject("health");
                json.WriteString("healthCheckPath", health.HealthCheckPath);
                json.WriteString("healthProbeInterval", health.HealthProbeInterval);
                json.WriteString("healthProbeTimeout", health.HealthProbeTimeout);
                json.WriteNumber("healthThreshold", health.HealthThreshold);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteStartObject("actorRuntime");
        json.WriteString("runtimeStatus", reply.ActorRuntime.RuntimeStatus.ToString().ToUpperInvariant());
        Each(json, "activeActors", reply.ActorRuntime.ActiveActors, actor => Actor(json, actor));
        json.WriteBoolean("hostReady", reply.ActorRuntime.HostReady);
        json.WriteString("placement", reply.ActorRuntime.Placement);
        json.WriteEndObject();
        json.WriteStartObject("scheduler");
        Each(json, "connected_addresses", reply.Scheduler.ConnectedAddresses, address => json.WriteStringValue(address));
        json.WriteEndObject();
        if (reply.Workflows.ConnectedWorkers > 0)
        {
            json.WriteStartObject("workflows");
            json.WriteNumber("connectedWorkers", reply.Workflows.ConnectedWorkers);
            json.WriteEndObject();
        }

        Each(json, "resiliencies", reply.Resiliencies, resiliency => Named(json, resiliency.Name));
        json.WriteEndObject();
    }

    // What is empty is left out, as daprd does.
    private static void Each<T>(Utf8JsonWriter json, string name, IReadOnlyCollection<T> items, Action<T> write)
    {
        if (items.Count == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var item in items)
        {
            write(item);
        }

        json.WriteEndArray();
    }

    private static void Named(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteEndObject();
    }

    private static void Actor(Utf8JsonWriter json, ActiveActorsCount actor)
    {
        json.WriteStartObject();
        json.WriteString("type", actor.Type);
        json.WriteNumber("count", actor.Count);
        json.WriteEndObject();
    }

    private static void Component(Utf8JsonWriter json, RegisteredComponents component)
    {
        json.WriteStartObject();
        json.WriteString("name", component.Name);
        json.WriteString("type", component.Type);
        json.WriteString("version", component.Version);
        Each(json, "capabilities", component.Capabilities, capability => json.WriteStringValue(capability));
        json.WriteEndObject();
    }

    private static void Subscription(Utf8JsonWriter json, PubsubSubscription subscription)
    {
        json.WriteStartObject();
        json.WriteString("pubsubname", subscription.PubsubName);
        json.WriteString("topic", subscription.Topic);
        json.WriteStartObject("metadata");
        foreach (var (name, value) in subscription.Metadata)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        Each(json, "rules", subscription.Rules.Rules, rule =>
        {
            json.WriteStartObject();
            json.WriteString("match", rule.Match);
            json.WriteString("path", rule.Path);
            json.WriteEndObject();
        });
        json.WriteString("deadLetterTopic", subscription.DeadLetterTopic);
        json.WriteString("type", subscription.Type.ToString().ToUpperInvariant());
        json.WriteEndObject();
    }
}
