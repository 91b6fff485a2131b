using System.Text;
using Eco2.Testing;

namespace EmbeddedSidecar.Tests.Jobs;

/// <summary>The jobs API over HTTP.</summary>
internal static class JobCalls
{
    private static readonly HttpClient _http = new();

    public static Task<HttpResponseMessage> ScheduleAsync(this SidecarPorts app, string name, string json, string version = "v1.0") =>
        _http.PostAsync(new Uri(app.HttpEndpoint, $"/{version}/jobs/{name}"), new StringContent(json, Encoding.UTF8, "application/json"));

    public static Task<HttpResponseMessage> GetJobAsync(this SidecarPorts app, string name, string version = "v1.0") =>
        _http.GetAsync(new Uri(app.HttpEndpoint, $"/{version}/jobs/{name}"));

    public static Task<HttpResponseMessage> DeleteJobAsync(this SidecarPorts app, string name, string version = "v1.0") =>
        _http.DeleteAsync(new Uri(app.HttpEndpoint, $"/{version}/jobs/{name}"));

    /// <summary>Shows that what was scheduled before and is overdue is not delivered: a later job is a fence.</summary>
    public static async Task FenceAsync(this SidecarPorts app, Func<bool> arrived)
    {
        using var fence = await app.ScheduleAsync("fence", """{"dueTime":"300ms"}""");
        fence.EnsureSuccessStatusCode();
        await Eventually.TrueAsync(arrived, "the fence");
    }
}
