using System.Collections.Concurrent;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Metadata;
using EmbeddedSidecar.PubSub.Delivery;
using EmbeddedSidecar.PubSub.Routing;
using EmbeddedSidecar.Resources;

namespace EmbeddedSidecar.PubSub;

/// <summary>The pub/sub of one app: its components, and its subscriptions while it is there to be called.</summary>
internal sealed class AppPubSub : IAsyncDisposable
{
    private readonly AppInstance _app;
    private readonly ILogger _log;
    private readonly ISubscriber _subscriber;
    private readonly Dictionary<string, PubSubComponent> _components = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<TopicSubscription, bool> _streams = new();
    private readonly List<SubscriptionSpec> _declared;
    private AppSession? _session;

    /// <exception cref="SidecarConfigurationException">A declared subscription cannot be honoured.</exception>
    public AppPubSub(AppInstance app)
    {
        _app = app;
        _log = app.Services.Logs.CreateLogger<AppPubSub>();
        _subscriber = app.Settings.IsGrpcApp ? new GrpcSubscriber(app, _log) : new HttpSubscriber(app, _log);
        foreach (var (name, broker) in app.ComponentsOf<IPubSub>())
        {
            _components.Add(name, new PubSubComponent(app, name, broker));
        }

        // Made here once to be refused at start and not when the app comes up.
        _declared = [.. app.Resources.Subscriptions.Where(spec => !app.LeftOut.Contains(spec.PubsubName))];
        foreach (var spec in _declared)
        {
            try
            {
                _ = Make(spec);
            }
            catch (RuleException refused)
            {
                throw new SidecarConfigurationException($"{spec.File}: subscription \"{spec.Name}\": {refused.Message}", refused);
            }
        }
    }

    /// <exception cref="EmbeddedSidecar.Api.DaprException">There is no such component, or no name or topic was given.</exception>
    public PubSubComponent Component(string name, string topic)
    {
        if (name.Length == 0)
        {
            throw PubSubErrors.NameEmpty();
        }

        if (!_components.TryGetValue(name, out var component))
        {
            throw PubSubErrors.NotFound(name);
        }

        return topic.Length > 0 ? component : throw PubSubErrors.TopicEmpty(name);
    }

    /// <summary>Subscribes to all that files and the app itself name; what cannot start yet, because the broker is away, starts later.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        _session = new AppSession(_app, [.. _declared, .. _app.ProgrammaticSubscriptions], Make, _log);
        await _session.StartAsync(ct);
    }

    /// <summary>Ends what <see cref="StartAsync"/> began; streams end by themselves.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _session, null) is { } session)
        {
            await session.DisposeAsync();
        }
    }

    /// <summary>Starts a subscription that a caller stops by <see cref="StopStreamAsync"/>.</summary>
    public async Task<TopicSubscription> StartStreamAsync(SubscriptionSpec spec, ISubscriber subscriber, CancellationToken ct)
    {
        var component = Component(spec.PubsubName, spec.Topic);
        if (!component.Broker.Scopes.MaySubscribe(spec.Topic))
        {
            throw PubSubErrors.Forbidden(spec.PubsubName, spec.Topic, _app.AppId);
        }

        var subscription = new TopicSubscription(_app, component, spec, subscriber, _log);
        await subscription.StartAsync(ct);
        _streams[subscription] = true;
        return subscription;
    }

    public ValueTask StopStreamAsync(TopicSubscription subscription)
    {
        _streams.TryRemove(subscription, out _);
        return subscription.DisposeAsync();
    }

    /// <summary>For the metadata API.</summary>
    public void Describe(MetadataDocument document) =>
        document.Subscriptions.AddRange(_streams.Keys.Concat(_session?.Running ?? []).Select(one => new MetadataDocument.SubscriptionEntry(
            one.Spec.PubsubName,
            one.Spec.Topic,
            one.Spec.Metadata,
            one.Spec.DefaultPath is { } path ? [.. one.Spec.Rules, new RouteRule("", path)] : one.Spec.Rules,
            one.Spec.DeadLetterTopic,
            one.Spec.Source)));

    private TopicSubscription Make(SubscriptionSpec spec) =>
        !_components.TryGetValue(spec.PubsubName, out var component)
            ? throw new RuleException($"there is no pub/sub component \"{spec.PubsubName}\" in scope of app {_app.AppId}.")
        : !component.Broker.Scopes.MaySubscribe(spec.Topic)
            ? throw new RuleException($"topic {spec.Topic} is not allowed for app {_app.AppId}.")
        : new TopicSubscription(_app, component, spec, _subscriber, _log);

}
