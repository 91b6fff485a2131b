using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Resiliency;

namespace EmbeddedSidecar.PubSub;

/// <summary>A message on its way to the broker.</summary>
internal readonly record struct MessageToPublish(ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string>? Metadata);

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
    public async ValueTask PublishAsync(
        string topic, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string>? metadata, bool overHttp, CancellationToken ct)
    {
        var metrics = app.Metrics;
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
                        throw NotTaken(failed, overHttp);
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

    /// <summary>Publishes many under one run of the outbound policy, to which all of them are one call: of it only what failed is tried again.</summary>
    /// <returns>Why the broker did not take each of the messages, in their order; null for what it took.</returns>
    public async Task<string?[]> PublishManyAsync(string topic, IReadOnlyList<MessageToPublish> messages, bool overHttp, CancellationToken ct)
    {
        var (onBroker, why, open) = (OnBroker(topic), new string?[messages.Count], Enumerable.Range(0, messages.Count).ToList());
        try
        {
            await Outbound.RunAsync(
                async token =>
                {
                    var failures = await Task.WhenAll(open.Select(at => TryAsync(onBroker, messages[at], token)));
                    token.ThrowIfCancellationRequested();
                    open.ForEach(at => why[at] = null);
                    var failed = open.Zip(failures).Where(one => one.Second is not null).ToList();
                    failed.ForEach(one => why[one.First] = one.Second!.Message);
                    open = failed.ConvertAll(one => one.First);
                    return failed.Count == 0 ? true : throw (failed[0].Second is BackendException or TimeoutException ? NotTaken(failed[0].Second!, overHttp) : failed[0].Second!);
                },
                ct);
        }
        catch (Exception late) when (late is TimeoutException or CircuitOpenException && !ct.IsCancellationRequested)
        {
            open.ForEach(at => why[at] = late.Message);
        }
#pragma warning disable CA1031 // Told for each message.
        catch (Exception) when (!ct.IsCancellationRequested)
#pragma warning restore CA1031
        {
        }

        return why;
    }

    private async Task<Exception?> TryAsync(string onBroker, MessageToPublish message, CancellationToken ct)
    {
        try
        {
            await broker.PublishAsync(onBroker, message.Data, message.Metadata, ct);
            return null;
        }
#pragma warning disable CA1031 // Brokers fail in their own ways, and one message must not hide what became of the others.
        catch (Exception failed)
#pragma warning restore CA1031
        {
            return failed;
        }
    }

    private static NotTakenException NotTaken(Exception why, bool overHttp) =>
        new(why, overHttp ? StatusCodes.Status503ServiceUnavailable : (int)StatusCode.Unavailable);

    private sealed class NotTakenException(Exception cause, int status) : Exception(cause.Message, cause), ICodedFailure
    {
        public int? Status => status;
    }
}
