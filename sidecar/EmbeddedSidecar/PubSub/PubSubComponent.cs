using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Resiliency;
using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.PubSub;

/// <summary>A pub/sub component as one app sees it: the broker, what the app may do there, its policies, and how topics are named.</summary>
internal sealed class PubSubComponent(AppInstance app, string name, IPubSub broker)
{
    // Any {namespace} in the metadata of the component moves all its topics into the namespace.
    private readonly string _prefix =
        app.Resources.Components.Any(one => one.Name == name && one.Metadata.Any(entry => entry.Value?.Contains("{namespace}", StringComparison.Ordinal) == true))
            ? app.Namespace
            : "";

    public string Name => name;

    public IPubSub Broker => broker;

    /// <summary>The broker lets messages expire by itself.</summary>
    public bool KeepsTime { get; } = broker.Capabilities.Contains(MessageTtl.Capability);

    /// <summary>Around each delivery to the app.</summary>
    public Policy Inbound { get; } = app.Resiliency.ForComponentInbound(name, "Pubsub");

    /// <summary>Around each publish.</summary>
    public Policy Outbound { get; } = app.Resiliency.ForComponentOutbound(name, "Pubsub");

    /// <summary>The topic as the broker knows it.</summary>
    public string OnBroker(string topic) => _prefix + topic;

    /// <summary>Publishes under the outbound policy.</summary>
    /// <param name="overHttp">Who publishes does so over HTTP: retries that match statuses take a failure of the broker for 503, else for UNAVAILABLE.</param>
    /// <exception cref="DaprException">The app may not use the topic, or the broker did not take the message.</exception>
    public ValueTask PublishAsync(
        string topic, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string>? metadata, bool overHttp, CancellationToken ct) =>
        SendAsync(topic, data, metadata, overHttp, app.Metrics, ct);

    /// <summary>The same for one of many, which are counted together.</summary>
    public ValueTask PublishOneOfManyAsync(
        string topic, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string>? metadata, bool overHttp, CancellationToken ct) =>
        SendAsync(topic, data, metadata, overHttp, null, ct);

    private async ValueTask SendAsync(
        string topic, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string>? metadata, bool overHttp, DaprMetrics? metrics, CancellationToken ct)
    {
        var began = metrics?.Now ?? 0;
        if (!broker.Scopes.MayPublish(topic))
        {
            throw PubSubErrors.Forbidden(name, topic, app.AppId);
        }

        try
        {
            var onBroker = OnBroker(topic);
            await Outbound.RunAsync(
                async token =>
                {
                    try
                    {
                        await broker.PublishAsync(onBroker, data, metadata, token);
                        return true;
                    }
                    catch (Exception failed) when (failed is BackendException or TimeoutException)
                    {
                        throw new NotTakenException(failed, overHttp ? StatusCodes.Status503ServiceUnavailable : (int)StatusCode.Unavailable);
                    }
                },
                ct);
            metrics?.Published(name, topic, true, began);
        }
#pragma warning disable CA1031 // Brokers fail in their own ways; the caller gets one.
        catch (Exception failed) when (!ct.IsCancellationRequested)
#pragma warning restore CA1031
        {
            metrics?.Published(name, topic, false, began);
            throw PubSubErrors.NotPublished(name, topic, failed);
        }
    }

    private sealed class NotTakenException(Exception cause, int status) : Exception(cause.Message, cause), ICodedFailure
    {
        public int? Status => status;
    }
}
