using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Invoke;
using Microsoft.Extensions.Primitives;

namespace EmbeddedSidecar.Actors;

/// <summary>Calls the actors of an app at its port: PUT /actors/{type}/{id}/method/..., DELETE /actors/{type}/{id}.</summary>
internal sealed class HttpActorTransport(AppInstance app) : IActorTransport
{
    private const string CancelHeader = "X-DaprReminderCancel";

    public async Task<ActorReply> InvokeAsync(ActorKey actor, ActorCall call, CancellationToken ct)
    {
        var method = string.Join('/', call.Method.Split('/').Select(Uri.EscapeDataString));
        using var request = new HttpRequestMessage(HttpMethod.Put, app.Channel.Address($"{Path(actor)}/method/{method}{call.Query}"));
        request.Content = new ReadOnlyMemoryContent(call.Body);
        var trace = StringValues.Empty;
        foreach (var (name, values) in call.Headers)
        {
            if (name.Equals(TraceParent.Header, StringComparison.OrdinalIgnoreCase))
            {
                trace = values;
            }
            else if (!name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                ForwardedHeaders.Add(request, name, values);
            }
        }

        request.Headers.TryAddWithoutValidation(TraceParent.Header, TraceParent.Next(trace));
        return await SendAsync(request, ct);
    }

    public Task<bool> RemindAsync(ActorKey actor, string name, byte[]? data, CancellationToken ct) =>
        TellAsync(actor, "remind", name, json =>
        {
            Data(json, data);
            // A reminder that the scheduler brings says nothing of its schedule.
            json.WriteString("dueTime", "");
            json.WriteString("period", "");
        }, ct);

    public Task<bool> FireAsync(ActorKey actor, ActorTimer timer, CancellationToken ct) =>
        TellAsync(actor, "timer", timer.Name, json =>
        {
            json.WriteString("callback", timer.Callback);
            Data(json, timer.Data);
            json.WriteString("dueTime", timer.DueTime);
            json.WriteString("period", timer.PeriodText);
        }, ct);

    public async Task DeactivateAsync(ActorKey actor, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, app.Channel.Address(Path(actor)));
        await SendAsync(request, ct);
    }

    private async Task<bool> TellAsync(ActorKey actor, string kind, string name, Action<Utf8JsonWriter> members, CancellationToken ct)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        using var request = new HttpRequestMessage(
            HttpMethod.Put, app.Channel.Address($"{Path(actor)}/method/{kind}/{Uri.EscapeDataString(name)}"));
        request.Content = new ReadOnlyMemoryContent(body.WrittenMemory) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        var reply = await SendAsync(request, ct);
        return reply.Headers.Any(header =>
            header.Key.Equals(CancelHeader, StringComparison.OrdinalIgnoreCase) && header.Value.ToString().ToUpperInvariant() is "1" or "Y" or "YES" or "T" or "TRUE" or "ON");
    }

    private static void Data(Utf8JsonWriter json, byte[]? data)
    {
        if (data is { } value)
        {
            json.WritePropertyName("data");
            json.WriteRawValue(value, skipInputValidation: true);
        }
    }

    // 200 is success, and nothing else is: not even 204.
    private async Task<ActorReply> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        using var response = await app.Channel.SendAsync(request, ct);
        var body = await response.Message.Content.ReadAsByteArrayAsync(ct);
        return response.Status switch
        {
            StatusCodes.Status200OK => new ActorReply(body, [.. ForwardedHeaders.Crossing(response.Message)]),
            StatusCodes.Status404NotFound when request.Method == HttpMethod.Put =>
                throw new ActorMethodMissingException(Uri.UnescapeDataString(request.RequestUri!.AbsolutePath.TrimStart('/'))),
            var status => throw new ActorCallException($"error from actor service: ({status}) {Encoding.UTF8.GetString(body)}"),
        };
    }

    private static string Path(ActorKey actor) => $"/actors/{Uri.EscapeDataString(actor.Type)}/{Uri.EscapeDataString(actor.Id)}";
}
