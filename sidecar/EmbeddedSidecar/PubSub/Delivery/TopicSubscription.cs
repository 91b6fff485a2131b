using EmbeddedSidecar.Apps;
using EmbeddedSidecar.PubSub.Routing;
using EmbeddedSidecar.Resources;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>One subscription of one app while it runs: the broker's messages in, the app's verdicts out.</summary>
internal sealed partial class TopicSubscription : IAsyncDisposable
{
    /// <summary>How long a stop waits for calls that are under way.</summary>
    private static readonly TimeSpan _drainLimit = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _cutOff = new();
    private readonly AppInstance _app;
    private readonly PubSubComponent _component;
    private readonly ILogger _log;
    private readonly SubscriptionContext _context;
    private Batcher? _batcher;
    private MessageHandler _handler = null!;
    private IBrokerSubscription? _running;

    /// <exception cref="RuleException">A routing rule is not supported.</exception>
    public TopicSubscription(AppInstance app, PubSubComponent component, SubscriptionSpec spec, ISubscriber subscriber, ILogger log)
    {
        (_app, _component, Spec, _log) = (app, component, spec, log);
        if (!RawPayload.TryRead(spec.Metadata, out var isRaw, out var complaint))
        {
            throw new RuleException($"The subscription's {complaint}.");
        }

        var clock = app.Services.Clock;
        _context = new SubscriptionContext(
            app,
            component,
            spec.Topic,
            isRaw,
            new TopicRoutes(spec.Rules, spec.DefaultPath),
            subscriber,
            new DeadLetters(component, spec.DeadLetterTopic, clock, log),
            clock,
            log,
            _cutOff.Token);
    }

    public SubscriptionSpec Spec { get; }

    public async Task StartAsync(CancellationToken ct)
    {
        _batcher = Spec.Bulk is { } bulk ? new Batcher(new BatchDelivery(_context), bulk, _context.Clock) : null;
        _handler = _batcher is not null ? _batcher.HandleAsync : new SingleDelivery(_context).HandleAsync;
        _running = await _component.Broker.SubscribeAsync(_component.OnBroker(Spec.Topic), Spec.Metadata, HandleAsync, ct);
    }

    /// <summary>Stops taking messages and waits for calls that are under way, but not for ever.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_running is not null)
        {
            var stopped = _running.DisposeAsync().AsTask();
            await Task.WhenAny(stopped, Task.Delay(_drainLimit, _app.Services.Clock));
            await _cutOff.CancelAsync();
            await stopped;
        }

        if (_batcher is not null)
        {
            await _batcher.StopAsync();
        }

        _cutOff.Dispose();
    }

    private async ValueTask<Handled> HandleAsync(BrokerMessage message, CancellationToken stopping)
    {
        try
        {
            return await _handler(message, stopping);
        }
        catch (OperationCanceledException)
        {
            return Handled.Abandoned;
        }
#pragma warning disable CA1031 // The edge towards the broker, which must always hear what became of a message.
        catch (Exception unexpected)
#pragma warning restore CA1031
        {
            Unexpected(_log, unexpected, Spec.Topic);
            return Handled.Failed;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Delivering a message of topic {Topic} failed in an unforeseen way")]
    private static partial void Unexpected(ILogger log, Exception error, string topic);
}
