using System.Text;
using EmbeddedSidecar.PubSub.Routing;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>Brings messages in batches, one call for each path. Only what the app did not take is brought again.</summary>
internal sealed partial class BatchDelivery(SubscriptionContext context)
{
    /// <param name="firstAttemptMade">Called when every path was called once: the next batch need not wait for the retries of this one.</param>
    /// <returns>What became of each message, in their order.</returns>
    public async Task<Handled[]> HandleAsync(IReadOnlyList<BrokerMessage> messages, Action firstAttemptMade, CancellationToken stopping)
    {
        var handled = new Handled[messages.Count];
        var paths = new Dictionary<string, List<(int At, BatchEntry Entry)>>(StringComparer.Ordinal);
        var expired = new List<string?>();
        for (var i = 0; i < messages.Count; i++)
        {
            CloudEventReader header = default;
            if (!context.IsRaw && !CloudEventReader.TryRead(messages[i].Data.Span, out header))
            {
                NotAnEvent(context.Log, context.Component.Name, context.Topic);
                handled[i] = await GiveUpAsync(messages[i]);
            }
            else if (await PathAsync(messages[i], header, expired) is { } path)
            {
                var id = Guid.CreateVersion7(context.Clock.GetUtcNow()).ToString();
                if (!paths.TryGetValue(path, out var entries))
                {
                    paths[path] = entries = [];
                }

                entries.Add((i, new BatchEntry(id, messages[i], header)));
            }
        }

        if (expired.Count > 0)
        {
            // A new subscriber of an old topic finds thousands of them.
            Expired(context.Log, expired.Count, context.Topic, expired[^1]);
        }

        var untried = paths.Count;
        await Task.WhenAll(paths.Select(path => DeliverAsync(
            path.Key,
            path.Value,
            handled,
            () =>
            {
                if (Interlocked.Decrement(ref untried) == 0)
                {
                    firstAttemptMade();
                }
            },
            stopping)));
        return handled;
    }

    // The path a message goes to, or null when it has already met its end.
    private async ValueTask<string?> PathAsync(BrokerMessage message, CloudEventReader header, List<string?> expired)
    {
        string? path = null;
        if (header.Expiration < context.Clock.GetUtcNow())
        {
            expired.Add(header.Id);
        }
        else
        {
            try
            {
                path = context.IsRaw ? context.Routes.FindRaw(Encoding.UTF8.GetString(message.Data.Span)) : context.Routes.Find(message.Data);
            }
            catch (RuleException failed)
            {
                NoRoute(context.Log, header.Id, context.Topic, failed.Message);
            }
        }

        if (path is null)
        {
            await context.DeadLetters.TakeAsync(message, named: false);
        }

        return path;
    }

    private async ValueTask<Handled> GiveUpAsync(BrokerMessage message) =>
        await context.DeadLetters.TakeAsync(message, named: false) ? Handled.Done : Handled.Failed;

    private async Task DeliverAsync(
        string path, List<(int At, BatchEntry Entry)> open, Handled[] handled, Action firstAttemptMade, CancellationToken stopping)
    {
        var attempts = 0;
        try
        {
            await Attempts.RunAsync(
                context.Component.Inbound,
                async ct =>
                {
                    try
                    {
                        await AttemptAsync(path, open, ct);
                        return 0;
                    }
                    finally
                    {
                        if (attempts++ == 0)
                        {
                            firstAttemptMade();
                        }
                    }
                },
                static status => status,
                stopping,
                context.CutOff);
        }
        catch (OperationCanceledException)
        {
            open.ForEach(one => handled[one.At] = Handled.Abandoned);
            return;
        }
#pragma warning disable CA1031 // Whatever a delivery dies of, its messages must end somewhere.
        catch (Exception failed)
#pragma warning restore CA1031
        {
            NotDelivered(context.Log, open.Count, context.Topic, failed.Message);
        }

        foreach (var (at, entry) in open)
        {
            handled[at] = await GiveUpAsync(entry.Message);
        }
    }

    // Removes from the open entries what the app has taken; fails if some are left.
    private async Task AttemptAsync(string path, List<(int At, BatchEntry Entry)> open, CancellationToken ct)
    {
        BatchEntry[] entries = [.. open.Select(one => one.Entry)];
        var answer = await DeliveryTelemetry.DeliverAsync(
            context, new DeliveredBatch(context.Component.Name, context.Topic, path, context.IsRaw, entries), ct);
        if (answer.Status != 0)
        {
            // Unlike that of a single message, this status is not looked at: a batch is always worth a retry, as in Dapr.
            throw new DeliveryException($"status {answer.Status}");
        }

        foreach (var entry in entries)
        {
            if (answer.Verdicts.TryGetValue(entry.Id, out var verdict) && verdict == Verdict.Drop)
            {
                Dropped(context.Log, entry.Header.Id, context.Topic);
                await context.DeadLetters.TakeAsync(entry.Message, named: false);
            }
        }

        open.RemoveAll(one => answer.Verdicts.TryGetValue(one.Entry.Id, out var verdict) && verdict != Verdict.Retry);
        if (open.Count > 0)
        {
            throw new DeliveryException($"the app wants {open.Count} of {entries.Length} messages of a batch again");
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A message of {Component} topic {Topic} is not a CloudEvent in JSON")]
    private static partial void NotAnEvent(ILogger log, string component, string topic);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} events of topic {Topic} had expired, the last of them {EventId}")]
    private static partial void Expired(ILogger log, int count, string topic, string? eventId);

    [LoggerMessage(Level = LogLevel.Error, Message = "No route found for event {EventId} of topic {Topic}: {Reason}")]
    private static partial void NoRoute(ILogger log, string? eventId, string topic, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The app dropped pub/sub event {EventId} of topic {Topic}")]
    private static partial void Dropped(ILogger log, string? eventId, string topic);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} messages of topic {Topic} were not delivered: {Reason}")]
    private static partial void NotDelivered(ILogger log, int count, string topic, string reason);
}
