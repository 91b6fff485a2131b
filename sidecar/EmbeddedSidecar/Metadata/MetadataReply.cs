using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Resources;

namespace EmbeddedSidecar.Metadata;

/// <summary>The metadata of one app's sidecar, as the gRPC API has it; the HTTP side renders the same.</summary>
internal static class MetadataReply
{
    // Clients ask which Dapr this is; it answers to this version, and says that it is not the real one.
    private const string Version = "1.18.3-embedded";

    public static GetMetadataResponse For(AppInstance app)
    {
        var document = new MetadataDocument();
        foreach (var source in app.MetadataSources)
        {
            source(document);
        }

        var reply = new GetMetadataResponse
        {
            Id = app.AppId,
            RuntimeVersion = Version,
            ActorRuntime = new ActorRuntime
            {
                RuntimeStatus = document.ActorRuntimeRuns ? ActorRuntime.Types.ActorRuntimeStatus.Running : ActorRuntime.Types.ActorRuntimeStatus.Initializing,
                HostReady = document.ActorRuntimeRuns,
                // There is no such service here; clients look for these words.
                Placement = document.ActorRuntimeRuns ? "placement: connected" : "",
            },
            // Jobs are kept in this process; clients look for the member.
            Scheduler = new MetadataScheduler { ConnectedAddresses = { $"{app.Settings.ListenAddress}:{app.GrpcPort}" } },
            Workflows = new MetadataWorkflows { ConnectedWorkers = document.ConnectedWorkers },
        };
        reply.ExtendedMetadata.Add(new Dictionary<string, string>(app.ExtendedMetadata) { ["daprRuntimeVersion"] = Version });
        reply.RegisteredComponents.Add(app.Components.Values.Select(Component));
        reply.Subscriptions.Add(document.Subscriptions.Select(Subscription));
        reply.HttpEndpoints.Add(app.HttpEndpoints.Keys.Select(name => new MetadataHTTPEndpoint { Name = name }));
        reply.Resiliencies.Add(app.Resiliency.Names.Select(name => new MetadataResiliency { Name = name }));
        reply.ActorRuntime.ActiveActors.Add(document.ActiveActors.Select(type => new ActiveActorsCount { Type = type.Key, Count = type.Value }));
        if (app.Channel.IsConfigured)
        {
            reply.AppConnectionProperties = new AppConnectionProperties
            {
                Port = app.Channel.Port,
                Protocol = app.Settings.IsGrpcApp ? "grpc" : "http",
                ChannelAddress = app.Settings.AppAddress,
                MaxConcurrency = app.Settings.MaxConcurrency,
                Health = app.Settings.HealthCheck is not { } check ? null : new AppConnectionHealthProperties
                {
                    HealthCheckPath = app.Settings.IsGrpcApp ? "" : check.Path,
                    HealthProbeInterval = GoDuration.Format(check.Interval),
                    HealthProbeTimeout = GoDuration.Format(check.Timeout),
                    HealthThreshold = check.Threshold,
                },
            };
        }

        return reply;
    }

    private static RegisteredComponents Component(LoadedComponent loaded)
    {
        var component = new RegisteredComponents { Name = loaded.Spec.Name, Type = loaded.Spec.Type, Version = loaded.Spec.Version is "" ? "v1" : loaded.Spec.Version };
        component.Capabilities.Add(loaded.Component.Capabilities);
        return component;
    }

    private static PubsubSubscription Subscription(MetadataDocument.SubscriptionEntry entry)
    {
        var subscription = new PubsubSubscription
        {
            PubsubName = entry.PubsubName,
            Topic = entry.Topic,
            DeadLetterTopic = entry.DeadLetterTopic ?? "",
            Type = entry.Type switch
            {
                SubscriptionSource.Declarative => PubsubSubscriptionType.Declarative,
                SubscriptionSource.Programmatic => PubsubSubscriptionType.Programmatic,
                _ => PubsubSubscriptionType.Streaming,
            },
            Rules = new PubsubSubscriptionRules(),
        };
        subscription.Metadata.Add(new Dictionary<string, string>(entry.Metadata));
        subscription.Rules.Rules.Add(entry.Rules.Select(rule => new PubsubSubscriptionRule { Match = rule.Match, Path = rule.Path }));
        return subscription;
    }
}
