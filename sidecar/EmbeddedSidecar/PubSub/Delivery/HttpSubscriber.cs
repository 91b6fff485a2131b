using System.Net.Http.Headers;
using EmbeddedSidecar.Apps;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>Delivers by POST to a path of the app and reads from the answer what to do with the message.</summary>
internal sealed partial class HttpSubscriber(AppInstance app, ILogger log) : ISubscriber
{
    private const string ComponentHeader = "pubsubName";
    private static readonly MediaTypeHeaderValue _cloudEvent = new(MediaTypes.CloudEvent);
    private static readonly MediaTypeHeaderValue _json = new(MediaTypes.Json);

    public async ValueTask<Answer> DeliverAsync(Delivered message, CancellationToken ct)
    {
        using var request = Request(message.Path, message.Event, _cloudEvent);
        foreach (var (name, value) in message.Metadata)
        {
            // What describes the broker's bytes would be wrong about the request's.
            if (!name.StartsWith("content-", StringComparison.OrdinalIgnoreCase))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        request.Headers.Remove(ComponentHeader);
        request.Headers.TryAddWithoutValidation(ComponentHeader, message.Component);
        Trace(request, message.Header, message.Metadata);
        using var response = await SendAsync(request, ct);
        if (!response.IsSuccess)
        {
            if (response.Status == StatusCodes.Status404NotFound)
            {
                NotFound(log, app.AppId, message.Path, message.Header.Id);
                return new Answer(Verdict.Drop, 0);
            }

            Refused(log, app.AppId, message.Path, response.Status, message.Header.Id);
            return new Answer(Verdict.Retry, response.Status);
        }

        var status = AppAnswers.Status(await BodyAsync(response, ct));
        switch (AppAnswers.Verdict(status))
        {
            case Verdict.Success:
                return new Answer(Verdict.Success, 0);
            case Verdict.Drop:
                Dropped(log, app.AppId, message.Header.Id, message.Topic);
                return new Answer(Verdict.Drop, 0);
            case Verdict.Retry:
                throw new DeliveryException($"RETRY status returned from app while processing pub/sub event {message.Header.Id}");
            default:
                throw new DeliveryException($"unknown status returned from app while processing pub/sub event {message.Header.Id}, status: {status}");
        }
    }

    public async ValueTask<BulkAnswer> DeliverBulkAsync(DeliveredBatch batch, CancellationToken ct)
    {
        var id = Guid.CreateVersion7(app.Services.Clock.GetUtcNow()).ToString();
        using var request = Request(batch.Path, BatchWriter.Write(id, batch, batch.Entries), _json);
        request.Headers.TryAddWithoutValidation(ComponentHeader, batch.Component);
        Trace(request, batch.Entries[0].Header, batch.Entries[0].Message.Metadata);
        using var response = await SendAsync(request, ct);
        if (response.IsSuccess)
        {
            return new BulkAnswer(0, AppAnswers.Statuses(await BodyAsync(response, ct)));
        }

        if (response.Status == StatusCodes.Status404NotFound)
        {
            NotFound(log, app.AppId, batch.Path, id);
            return new BulkAnswer(0, batch.Entries.ToDictionary(entry => entry.Id, _ => Verdict.Ignore));
        }

        Refused(log, app.AppId, batch.Path, response.Status, id);
        return new BulkAnswer(response.Status, new Dictionary<string, Verdict>());
    }

    private HttpRequestMessage Request(string path, ReadOnlyMemory<byte> body, MediaTypeHeaderValue type) =>
        new(HttpMethod.Post, app.Channel.Address(path))
        {
            Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = type } },
        };

    private static void Trace(HttpRequestMessage request, CloudEventReader header, IReadOnlyDictionary<string, string> metadata)
    {
        request.Headers.Remove(TraceParent.Header);
        request.Headers.TryAddWithoutValidation(
            TraceParent.Header, TraceParent.Next(header.TraceParent ?? metadata.GetValueOrDefault(TraceParent.Header)));
        if ((header.TraceState ?? metadata.GetValueOrDefault("tracestate")) is { Length: > 0 } state)
        {
            request.Headers.Remove("tracestate");
            request.Headers.TryAddWithoutValidation("tracestate", state);
        }
    }

    private async ValueTask<AppResponse> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        try
        {
            return await app.Channel.SendAsync(request, ct);
        }
        catch (HttpRequestException unreachable)
        {
            throw new DeliveryException($"error returned from app channel while sending pub/sub event to app: {unreachable.Message}", unreachable);
        }
    }

    private static async ValueTask<byte[]> BodyAsync(AppResponse response, CancellationToken ct)
    {
        try
        {
            return await response.Message.Content.ReadAsByteArrayAsync(ct);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            throw new DeliveryException($"the answer of the app broke off: {broken.Message}", broken);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "App {AppId} has no path {Path}: pub/sub event {EventId} is dropped")]
    private static partial void NotFound(ILogger log, string appId, string path, string? eventId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {AppId} answered {Path} with {Status} to pub/sub event {EventId}")]
    private static partial void Refused(ILogger log, string appId, string path, int status, string? eventId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {AppId} dropped pub/sub event {EventId} of topic {Topic}")]
    private static partial void Dropped(ILogger log, string appId, string? eventId, string topic);
}
