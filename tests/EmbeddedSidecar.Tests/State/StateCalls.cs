using System.Net;
using System.Text;
using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.State;

/// <summary>The state API over HTTP.</summary>
internal static class StateCalls
{
    private static readonly HttpClient _http = new();

    public static Uri StateUrl(this SidecarPorts app, string store, string key) => new(app.HttpEndpoint, $"/v1.0/state/{store}/{key}");

    /// <param name="action">Empty for a save, else "/bulk" or "/transaction".</param>
    public static async Task<HttpResponseMessage> PostAsync(this SidecarPorts app, string store, string action, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        return await _http.PostAsync(new Uri(app.HttpEndpoint, $"/v1.0/state/{store}{action}"), content);
    }

    public static async Task SaveAsync(this SidecarPorts app, string store, string json, string action = "")
    {
        using var saved = await app.PostAsync(store, action, json);
        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
    }
}
