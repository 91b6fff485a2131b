using System.Net;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Eco2.Services.Tests.DeadLetters;

/// <summary>Speaks to the keeper of dead letters, as the sidecar and as people do.</summary>
internal static class Keeper
{
    public static readonly Guid AdminId = Guid.Parse("01980000-0000-7000-8000-00000000000a");

    public static string Envelope(string id, object? data = null) => JsonSerializer.Serialize(new Dictionary<string, object?>
    {
        ["specversion"] = "1.0", ["id"] = id, ["source"] = "scan", ["type"] = "com.dapr.event.sent", ["datacontenttype"] = "application/json",
        ["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ["data"] = data ?? new { value = id },
    });

    /// <summary>A raw batch from a dead-letter topic, as Dapr brings it.</summary>
    public static async Task<JsonElement> DeliverAsync(this ServiceHost host, string topic, params IEnumerable<string> messages)
    {
        var entries = messages.Select((m, i) => new { entryId = $"{i}", @event = Convert.ToBase64String(Encoding.UTF8.GetBytes(m)), contentType = "application/octet-stream" });
        var body = JsonSerializer.Serialize(new { id = "x", type = "com.dapr.event.sent.bulk", topic = topic + ".dead", pubsubname = "dead-letters", entries });
        var answer = await host.Client.PostAsync("/events/dead-letters", Answers.Json(body));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.JsonAsync();
    }

    public static Task<HttpResponseMessage> AskAsync(this ServiceHost host, HttpMethod method, string path = "", string? body = null, string roles = "user,admin")
    {
        var request = new HttpRequestMessage(method, "/api/v1/dead-letters" + path) { Content = body is null ? null : Answers.Json(body) };
        request.Headers.Add("X-User-Id", AdminId.ToString());
        request.Headers.Add("X-User-Roles", roles);
        return host.Client.SendAsync(request);
    }

    public static async Task<List<JsonElement>> ListAsync(this ServiceHost host, string query = "")
    {
        var answer = await host.AskAsync(HttpMethod.Get, query);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return [.. (await answer.JsonAsync()).GetProperty("letters").EnumerateArray()];
    }

    public static async Task<JsonElement> OnlyAsync(this ServiceHost host, string topic) => Assert.Single(await host.ListAsync($"?topic={topic}"));

    public static string State(this JsonElement letter) => letter.GetProperty("state").GetString()!;

    public static string Id(this JsonElement letter) => letter.GetProperty("id").GetString()!;

    public static int Attempts(this JsonElement letter) => letter.GetProperty("attempts").GetInt32();

    /// <summary>A round of the schedule.</summary>
    public static async Task RoundAsync(this ServiceHost host) =>
        Assert.Equal(HttpStatusCode.OK, (await host.Client.PostAsync("/dead-letters-retry", null)).StatusCode);
}
