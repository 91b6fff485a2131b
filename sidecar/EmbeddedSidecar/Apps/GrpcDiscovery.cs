using Dapr.AppCallback.Autogen.Grpc.v1;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Resources;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Apps;

/// <summary>Asks a freshly found gRPC app for its subscriptions and input bindings. It has no configuration to tell: actors live on HTTP.</summary>
internal static partial class GrpcDiscovery
{
    private const int Attempts = 4;

    public static async Task RunAsync(AppInstance app, ILogger log, CancellationToken ct)
    {
        var subscriptions = await AskAsync(app, "ListTopicSubscriptions", ListTopicSubscriptionsResponse.Parser, log, ct);
        app.ProgrammaticSubscriptions = subscriptions is null ? [] : [.. subscriptions.Subscriptions.Select(Read)];
        var bindings = await AskAsync(app, "ListInputBindings", ListInputBindingsResponse.Parser, log, ct);
        app.WantedBindings = bindings is null ? [] : [.. bindings.Bindings];
    }

    // Null when the app does not have the method. Anything else is tried again a few times: the app is just starting.
    private static async Task<T?> AskAsync<T>(AppInstance app, string method, MessageParser<T> parser, ILogger log, CancellationToken ct)
        where T : class, IMessage<T>
    {
        var wait = TimeSpan.FromMilliseconds(500);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return (await new AppCallback(app).CallAsync(AppCallback.Service + method, new Empty(), parser, [], ct)).Message;
            }
            catch (GrpcException missing) when (missing.Code == StatusCode.Unimplemented)
            {
                return null;
            }
            catch (Exception failed) when (failed is GrpcException or HttpRequestException)
            {
                Unanswered(log, app.AppId, method, failed.Message);
            }

            if (attempt == Attempts)
            {
                return null;
            }

            await Task.Delay(wait, app.Services.Clock, ct);
            wait *= 1.5;
        }
    }

    private static SubscriptionSpec Read(TopicSubscription told, int index)
    {
        var standard = new BulkSpec();
        var bulk = told.BulkSubscribe is { Enabled: true } asked
            ? new BulkSpec(
                asked.MaxMessagesCount > 0 ? asked.MaxMessagesCount : standard.MaxMessages,
                asked.MaxAwaitDurationMs > 0 ? asked.MaxAwaitDurationMs : standard.MaxAwaitMilliseconds)
            : null;
        var rules = told.Routes?.Rules.Select(rule => new RouteRule(rule.Match, rule.Path)).ToList() ?? [];
        // Without any route the default is the empty path, which only HTTP could not call.
        var path = told.Routes?.Default is { Length: > 0 } named ? named : rules.Count == 0 ? "/" : null;
        return new SubscriptionSpec(
            $"programmatic-{index}",
            told.PubsubName,
            told.Topic,
            rules,
            path,
            told.DeadLetterTopic.Length > 0 ? told.DeadLetterTopic : null,
            told.Metadata.ToDictionary(StringComparer.Ordinal),
            bulk,
            SubscriptionSource.Programmatic,
            "ListTopicSubscriptions");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {AppId} did not answer {Method}: {Reason}")]
    private static partial void Unanswered(ILogger log, string appId, string method, string reason);
}
