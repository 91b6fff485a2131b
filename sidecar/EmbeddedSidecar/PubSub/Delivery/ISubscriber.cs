using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Resiliency;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>The way to whoever subscribed: an app over HTTP, or a stream that an app opened.</summary>
internal interface ISubscriber
{
    /// <summary>Brings one message.</summary>
    /// <exception cref="DeliveryException">It did not arrive, or was sent back with no status code to go by.</exception>
    ValueTask<Answer> DeliverAsync(Delivered message, CancellationToken ct);

    /// <summary>Brings a batch.</summary>
    /// <exception cref="DeliveryException">It did not arrive, or the answer could not be read: everything counts as sent back.</exception>
    ValueTask<BulkAnswer> DeliverBulkAsync(DeliveredBatch batch, CancellationToken ct);
}

/// <summary>A message on its way to the app.</summary>
/// <param name="Topic">As subscribed, without namespace.</param>
/// <param name="Event">A CloudEvent in JSON.</param>
/// <param name="Metadata">The broker's metadata of the message.</param>
internal sealed record Delivered(
    string Component, string Topic, string Path, ReadOnlyMemory<byte> Event, CloudEventReader Header, IReadOnlyDictionary<string, string> Metadata);

/// <summary>Messages on their way to one path of the app.</summary>
internal sealed record DeliveredBatch(string Component, string Topic, string Path, bool IsRaw, IReadOnlyList<BatchEntry> Entries);

internal sealed record BatchEntry(string Id, BrokerMessage Message, CloudEventReader Header)
{
    /// <summary>A CloudEvent in JSON, or any bytes when the batch is raw.</summary>
    public ReadOnlyMemory<byte> Payload => Message.Data;
}

/// <summary>What the app said about one message.</summary>
internal enum Verdict
{
    /// <summary>Done.</summary>
    Success,

    /// <summary>Not to be tried again: dead letter topic if there is one, then done.</summary>
    Drop,

    /// <summary>To be tried again.</summary>
    Retry,

    /// <summary>The subscriber does not know what to do with it: done, and no dead letter.</summary>
    Ignore,
}

/// <param name="Status">The HTTP status behind a <see cref="Verdict.Retry"/>, for policies that match on it.</param>
internal readonly record struct Answer(Verdict Verdict, int Status);

/// <summary>The app's answer to a batch.</summary>
/// <param name="Status">Not 0: all entries have to be tried again, because of this HTTP status.</param>
/// <param name="Verdicts">By entry id; an entry that is missing has to be tried again.</param>
internal sealed record BulkAnswer(int Status, IReadOnlyDictionary<string, Verdict> Verdicts);

/// <summary>A delivery that failed, with a status of gRPC if the app said one.</summary>
internal sealed class DeliveryException(string message, Exception? inner = null, StatusCode? code = null) : Exception(message, inner), ICodedFailure
{
    public int? Status => (int?)code;
}
