using System.Collections.Concurrent;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.PubSub.Delivery;
using EmbeddedSidecar.PubSub.Routing;
using EmbeddedSidecar.Resources;

namespace EmbeddedSidecar.PubSub;

/// <summary>The subscriptions of an app from the moment it can be called until it is gone.</summary>
internal sealed partial class AppSession(
    AppInstance app, IReadOnlyList<SubscriptionSpec> specs, Func<SubscriptionSpec, TopicSubscription> make, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan _startAgainAfter = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<TopicSubscription, bool> _running = new();
    private readonly CancellationTokenSource _ending = new();
    private Task _starting = Task.CompletedTask;

    public IEnumerable<TopicSubscription> Running => _running.Keys;

    public async Task StartAsync(CancellationToken ct)
    {
        var started = await Task.WhenAll(specs.Select(spec => TryStartAsync(spec, ct)));
        _starting = Task.WhenAll(specs.Where((_, i) => !started[i]).Select(KeepStartingAsync));
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _starting;
        await Task.WhenAll(_running.Keys.Select(one => one.DisposeAsync().AsTask()));
        _ending.Dispose();
    }

    // False when it is worth trying again.
    private async Task<bool> TryStartAsync(SubscriptionSpec spec, CancellationToken ct)
    {
        try
        {
            var subscription = make(spec);
            await subscription.StartAsync(ct);
            _running[subscription] = true;
            Started(log, app.AppId, spec.PubsubName, spec.Topic);
            return true;
        }
        catch (RuleException refused)
        {
            NotStarted(log, app.AppId, spec.PubsubName, spec.Topic, refused.Message);
            return true;
        }
        catch (BackendException away)
        {
            NotStarted(log, app.AppId, spec.PubsubName, spec.Topic, away.Message);
            return false;
        }
    }

    private async Task KeepStartingAsync(SubscriptionSpec spec)
    {
        try
        {
            do
            {
                await Task.Delay(_startAgainAfter, app.Services.Clock, _ending.Token);
            }
            while (!await TryStartAsync(spec, _ending.Token));
        }
        catch (OperationCanceledException)
        {
            // The app went away before the broker came back.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "App {AppId} is subscribed to {Component} topic {Topic}")]
    private static partial void Started(ILogger log, string appId, string component, string topic);

    [LoggerMessage(Level = LogLevel.Error, Message = "App {AppId} is NOT subscribed to {Component} topic {Topic}: {Reason}")]
    private static partial void NotStarted(ILogger log, string appId, string component, string topic, string reason);
}
