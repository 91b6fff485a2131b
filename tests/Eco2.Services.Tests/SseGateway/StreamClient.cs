using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Eco2.Services.Tests.SseGateway;

/// <summary>Reads one stream as a browser would.</summary>
internal sealed class StreamClient : IAsyncDisposable
{
    private readonly HttpResponseMessage response;
    private readonly IAsyncEnumerator<SseItem<string>> items;

    private StreamClient(HttpResponseMessage response, IAsyncEnumerator<SseItem<string>> items) => (this.response, this.items) = (response, items);

    internal HttpStatusCode Status => response.StatusCode;

    internal static HttpRequestMessage Request(Guid jobId, Guid userId, string? lastEventId = null, string query = "")
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/scan/{jobId:D}/events{query}");
        request.Headers.Add("X-User-Id", userId.ToString("D"));
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        return request;
    }

    internal static async Task<StreamClient> OpenAsync(ServiceHost host, Guid jobId, Guid userId, string? lastEventId = null, string query = "")
    {
        var response = await host.Client.SendAsync(Request(jobId, userId, lastEventId, query), HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        return new StreamClient(response, SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync().GetAsyncEnumerator());
    }

    /// <summary>The next frame, or null at the end of the stream.</summary>
    internal async Task<(string Event, string? Id, JsonElement Data)?> NextAsync()
    {
        if (!await items.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20)))
        {
            return null;
        }

        return (items.Current.EventType, items.Current.EventId, JsonDocument.Parse(items.Current.Data).RootElement);
    }

    /// <summary>The numbers of all frames until the stream ends.</summary>
    internal async Task<List<int>> RestAsync()
    {
        var seqs = new List<int>();
        while (await NextAsync() is { } frame)
        {
            if (frame.Data.TryGetProperty("seq", out var seq))
            {
                seqs.Add(seq.GetInt32());
            }
        }

        return seqs;
    }

    public ValueTask DisposeAsync()
    {
        // Like a browser that is closed: without a word.
        response.Dispose();
        return ValueTask.CompletedTask;
    }
}
