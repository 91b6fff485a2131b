using EmbeddedSidecar.Api;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>Where messages of one subscription go that nobody could take: the same bytes, to another topic of the same component.</summary>
internal sealed partial class DeadLetters(PubSubComponent component, string? topic, TimeProvider clock, ILogger log)
{
    private const string ComponentName = "pubsubName";

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    public bool IsConfigured => topic is not null;

    /// <param name="named">Its metadata says which component it came from: so it does in daprd, unless it was brought in a batch.</param>
    /// <returns>True when the message is safe there; false when there is no dead letter topic or it did not take the message.</returns>
    public async ValueTask<bool> TakeAsync(BrokerMessage message, bool named)
    {
        if (topic is null)
        {
            return false;
        }

        // A time of its own: the delivery that failed may have used up all of its.
        using var limit = new CancellationTokenSource(_limit, clock);
        try
        {
            await component.PublishAsync(topic, message.Data, named ? Named(message.Metadata) : message.Metadata, overHttp: false, limit.Token);
            return true;
        }
        catch (Exception failed) when (failed is DaprException or OperationCanceledException)
        {
            NotTaken(log, component.Name, topic, failed.Message);
            return false;
        }
    }

    private Dictionary<string, string> Named(IReadOnlyDictionary<string, string> metadata) =>
        new(metadata, StringComparer.Ordinal) { [ComponentName] = component.Name };

    [LoggerMessage(Level = LogLevel.Error, Message = "A message could not be put into dead letter topic {Topic} of {Component}: {Reason}")]
    private static partial void NotTaken(ILogger log, string component, string topic, string reason);
}
