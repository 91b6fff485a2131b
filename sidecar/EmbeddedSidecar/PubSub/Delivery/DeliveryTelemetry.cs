using System.Diagnostics;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>Attempts to bring messages, counted and with a span for each message, when either is asked for.</summary>
internal static class DeliveryTelemetry
{
    /// <inheritdoc cref="ISubscriber.DeliverAsync"/>
    public static ValueTask<Answer> DeliverAsync(SubscriptionContext context, Delivered message, CancellationToken ct) =>
        context.App.Metrics is null && context.App.Tracer is null ? context.Subscriber.DeliverAsync(message, ct) : ObservedAsync(context, message, ct);

    /// <inheritdoc cref="ISubscriber.DeliverBulkAsync"/>
    public static ValueTask<BulkAnswer> DeliverAsync(SubscriptionContext context, DeliveredBatch batch, CancellationToken ct) =>
        context.App.Metrics is null && context.App.Tracer is null ? context.Subscriber.DeliverBulkAsync(batch, ct) : ObservedAsync(context, batch, ct);

    private static async ValueTask<Answer> ObservedAsync(SubscriptionContext context, Delivered message, CancellationToken ct)
    {
        var metrics = context.App.Metrics;
        var began = metrics?.Now ?? 0;
        var (process, status) = ("retry", "retry");
        using var span = Begin(context, message.Header, message.Metadata);
        try
        {
            var answer = await context.Subscriber.DeliverAsync(message, ct);
            (process, status) = answer.Verdict switch
            {
                Verdict.Success => ("success", "success"),
                Verdict.Drop => ("drop", "success"),
                Verdict.Ignore => ("drop", "drop"),
                _ => ("retry", "retry"),
            };
            if (span is not null)
            {
                ApiSpans.Status(span, answer.Status);
            }

            return answer;
        }
        catch (DeliveryException failed)
        {
            span?.SetStatus(ActivityStatusCode.Error, failed.Message);
            throw;
        }
        finally
        {
            metrics?.Delivered(message.Component, message.Topic, process, status, began);
        }
    }

    private static async ValueTask<BulkAnswer> ObservedAsync(SubscriptionContext context, DeliveredBatch batch, CancellationToken ct)
    {
        var metrics = context.App.Metrics;
        var began = metrics?.Now ?? 0;
        var spans = batch.Entries.Select(entry => Begin(context, entry.Header, entry.Message.Metadata)).ToList();
        var answer = new BulkAnswer(StatusCodes.Status500InternalServerError, new Dictionary<string, Verdict>());
        try
        {
            return answer = await context.Subscriber.DeliverBulkAsync(batch, ct);
        }
        finally
        {
            foreach (var span in spans.OfType<Activity>())
            {
                ApiSpans.Status(span, answer.Status);
                span.Dispose();
            }

            var dropped = answer.Verdicts.Values.Count(verdict => verdict is Verdict.Drop or Verdict.Ignore);
            var succeeded = answer.Verdicts.Values.Count(verdict => verdict is Verdict.Success);
            metrics?.BatchDelivered(batch.Component, batch.Topic, succeeded, Math.Max(0, batch.Entries.Count - dropped - succeeded), dropped, began);
        }
    }

    // A message without a trace has no span, as with daprd.
    private static Activity? Begin(SubscriptionContext context, CloudEventReader header, IReadOnlyDictionary<string, string> metadata)
    {
        if (context.App.Tracer is not { } tracer || (header.TraceParent ?? metadata.GetValueOrDefault(TraceParent.Header)) is not { Length: > 0 } parent)
        {
            return null;
        }

        var span = tracer.Start("pubsub/" + context.Topic, ActivityKind.Client, parent, header.TraceState ?? metadata.GetValueOrDefault("tracestate"));
        span?.SetTag("messaging.system", "pubsub");
        span?.SetTag("messaging.destination.name", context.Topic);
        return span;
    }
}
