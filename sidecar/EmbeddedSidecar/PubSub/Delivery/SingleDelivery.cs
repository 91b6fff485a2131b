using EmbeddedSidecar.PubSub.Routing;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>Brings messages one by one.</summary>
/// <remarks>
/// 1. What is no CloudEvent goes to the dead letter topic. 2. So does what expired, and is done. 3. The rules find the path; none is
/// like expired. 4. The app is called under the inbound policy. 5. What fails for good goes to the dead letter topic; without one,
/// the broker's rules decide.
/// </remarks>
internal sealed partial class SingleDelivery(SubscriptionContext context)
{
    private readonly CloudEventWriter _writer = new(context.Clock);

    /// <exception cref="OperationCanceledException">The subscription stops.</exception>
    public async ValueTask<Handled> HandleAsync(BrokerMessage message, CancellationToken stopping)
    {
        var cloudEvent = context.IsRaw
            ? _writer.WrapRaw(message.Data, context.Component.Name, context.Topic, message.Metadata)
            : message.Data;
        if (!CloudEventReader.TryRead(cloudEvent.Span, out var header))
        {
            NotAnEvent(context.Log, context.Component.Name, context.Topic);
            return await GiveUpAsync(message);
        }

        if (header.Expiration < context.Clock.GetUtcNow())
        {
            Expired(context.Log, header.Id, context.Topic, header.Expiration);
            await context.DeadLetters.TakeAsync(message, named: true);
            return Handled.Done;
        }

        string? path;
        try
        {
            path = context.Routes.Find(cloudEvent);
        }
        catch (RuleException failed)
        {
            NoRoute(context.Log, header.Id, context.Topic, failed.Message);
            return await GiveUpAsync(message);
        }

        if (path is null)
        {
            await context.DeadLetters.TakeAsync(message, named: true);
            return Handled.Done;
        }

        var delivered = new Delivered(context.Component.Name, context.Topic, path, cloudEvent, header, message.Metadata);
        try
        {
            var answer = await Attempts.RunAsync(
                context.Component.Inbound,
                ct => AttemptAsync(delivered, message, ct),
                static answer => answer.Verdict == Verdict.Retry ? answer.Status : 0,
                stopping,
                context.CutOff);
            if (answer.Verdict != Verdict.Retry)
            {
                return Handled.Done;
            }
        }
#pragma warning disable CA1031 // Whatever a delivery dies of, the message must end somewhere.
        catch (Exception failed) when (failed is not OperationCanceledException)
#pragma warning restore CA1031
        {
            NotDelivered(context.Log, header.Id, context.Topic, failed.Message);
        }

        return await GiveUpAsync(message);
    }

    private async ValueTask<Answer> AttemptAsync(Delivered delivered, BrokerMessage message, CancellationToken ct)
    {
        var answer = await DeliveryTelemetry.DeliverAsync(context, delivered, ct);
        return answer.Verdict != Verdict.Drop || !context.DeadLetters.IsConfigured || await context.DeadLetters.TakeAsync(message, named: true)
            ? answer
            : throw new DeliveryException("the app dropped it, but the dead letter topic did not take it");
    }

    private async ValueTask<Handled> GiveUpAsync(BrokerMessage message) =>
        await context.DeadLetters.TakeAsync(message, named: true) ? Handled.Done : Handled.Failed;

    [LoggerMessage(Level = LogLevel.Error, Message = "A message of {Component} topic {Topic} is not a CloudEvent in JSON")]
    private static partial void NotAnEvent(ILogger log, string component, string topic);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event {EventId} of topic {Topic} expired at {Expiration}")]
    private static partial void Expired(ILogger log, string? eventId, string topic, DateTimeOffset? expiration);

    [LoggerMessage(Level = LogLevel.Error, Message = "No route found for event {EventId} of topic {Topic}: {Reason}")]
    private static partial void NoRoute(ILogger log, string? eventId, string topic, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event {EventId} of topic {Topic} was not delivered: {Reason}")]
    private static partial void NotDelivered(ILogger log, string? eventId, string topic, string reason);
}
