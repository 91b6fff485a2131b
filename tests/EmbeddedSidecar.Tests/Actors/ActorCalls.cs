using System.Text;
using System.Text.Json;
using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.Actors;

/// <summary>The actor API over HTTP.</summary>
internal static class ActorCalls
{
    private static readonly HttpClient _http = new();

    /// <param name="path">After /v1.0/actors/.</param>
    public static Task<HttpResponseMessage> ActorAsync(
        this SidecarPorts app, string verb, string path, string? body = null, Action<HttpRequestMessage>? adjust = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Parse(verb), new Uri(app.HttpEndpoint, "/v1.0/actors/" + path));
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        adjust?.Invoke(request);
        return _http.SendAsync(request);
    }

    /// <summary>Calls a method and wants a 200; answers the body.</summary>
    public static async Task<string> CallAsync(this SidecarPorts app, string actor, string method, string body = "", string? chain = null)
    {
        using var response = await app.ActorAsync("PUT", $"{actor}/method/{method}", body, request =>
        {
            if (chain is not null)
            {
                request.Headers.Add("Dapr-Reentrancy-Id", chain);
            }
        });
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return text;
    }

    /// <summary>How many actors of a type the metadata counts at this sidecar, or -1 when it does not host the type.</summary>
    public static async Task<int> CountAsync(this SidecarPorts app, string type = "T")
    {
        using var json = JsonDocument.Parse(await _http.GetStringAsync(new Uri(app.HttpEndpoint, "/v1.0/metadata")));
        var runtime = json.RootElement.GetProperty("actorRuntime");
        if (!runtime.TryGetProperty("activeActors", out var active))
        {
            return -1;
        }

        return active.EnumerateArray().Where(actor => actor.GetProperty("type").GetString() == type)
            .Select(actor => actor.TryGetProperty("count", out var count) ? count.GetInt32() : 0).DefaultIfEmpty(-1).Single();
    }

    public static async Task RefusedAsync(this Task<HttpResponseMessage> answer, int status, string code, string message)
    {
        using var response = await answer;
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode}: {text}");
        using var json = JsonDocument.Parse(text);
        Assert.Equal(code, json.RootElement.GetProperty("errorCode").GetString());
        Assert.Contains(message, json.RootElement.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    public static async Task SucceededAsync(this Task<HttpResponseMessage> answer, int status = 204)
    {
        using var response = await answer;
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
    }
}
