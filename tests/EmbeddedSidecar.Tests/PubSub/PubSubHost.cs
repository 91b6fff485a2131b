using System.Net.Http.Headers;
using System.Text;
using Eco2.Testing;
using EmbeddedSidecar.Apps;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>One sidecar process with one or more apps that share resources.</summary>
internal sealed class PubSubHost(SidecarFixture sidecar) : IAsyncDisposable
{
    public const string InMemory = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: pubsub }
        spec: { type: pubsub.in-memory, version: v1 }

        """;

    private static readonly HttpClient _http = new();

    public ISidecarRun Host => sidecar.Host;

    /// <summary>pubsub.redis on a server, with more metadata if wanted: "name: value".</summary>
    public static string Redis(string server, params string[] metadata) =>
        SidecarFixture.Component("pubsub", "pubsub.redis", [$"redisHost: {server}", .. metadata]);

    /// <summary>pubsub.rabbitmq on a server, with more metadata if wanted: "name: value".</summary>
    public static string RabbitMq(string server, params string[] metadata) =>
        SidecarFixture.Component("pubsub", "pubsub.rabbitmq", [$"connectionString: {server}", .. metadata]);

    /// <summary>A declared subscription of pubsub, in v2alpha1; more lines go into spec.</summary>
    public static string Subscription(string topic, string path, string more = "", string scopes = "") => $$"""

        ---
        apiVersion: dapr.io/v2alpha1
        kind: Subscription
        metadata: { name: "{{topic}}{{path.Replace('/', '-')}}" }
        spec:
          pubsubname: pubsub
          topic: {{topic}}
          routes: { default: {{path}} }
        {{(more.Length > 0 ? "  " + more : "")}}
        {{(scopes.Length > 0 ? $"scopes: [{scopes}]" : "")}}

        """;

    /// <summary>Retries of pubsub at a constant pace, in and out.</summary>
    /// <param name="matching">Only for these, such as <c>httpStatusCodes: "429"</c>.</param>
    public static string Retries(int retries, string pause = "20ms", string more = "", string? matching = null) => $$"""

        ---
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: resiliency }
        spec:
          policies:
            retries:
              again: { policy: constant, duration: {{pause}}, maxRetries: {{retries}}{{(matching is null ? "" : $", matching: {{ {matching} }}")}} }
            timeouts:
              limit: 500ms
          targets:
            components:
              pubsub: { inbound: { retry: again{{more}} }, outbound: { retry: again } }

        """;

    public static Task<PubSubHost> StartAsync(string resources, params (string AppId, SubscriberApp? App)[] apps) =>
        StartAsync(resources, settings => settings, apps);

    public static async Task<PubSubHost> StartAsync(
        string resources, Func<AppSettings, AppSettings> adjust, params (string AppId, SubscriberApp? App)[] apps)
    {
        var sidecar = await SidecarFixture.StartAsync(resources, [.. apps.Select(one => adjust(new AppSettings { AppId = one.AppId, AppPort = one.App?.Port ?? 0 }))]);
        await sidecar.WaitUntilReadyAsync();
        return new PubSubHost(sidecar);
    }

    public Task<HttpResponseMessage> PublishAsync(string topic, string json, string query = "", string type = "application/json", int app = 0) =>
        PostAsync($"/v1.0/publish/pubsub/{topic}{query}", Encoding.UTF8.GetBytes(json), type, app);

    public async Task<HttpResponseMessage> PostAsync(string path, byte[] body, string? type, int app = 0, Action<HttpRequestMessage>? adjust = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Host.Apps[app].HttpEndpoint, path)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        adjust?.Invoke(request);
        return await _http.SendAsync(request);
    }

    public ValueTask DisposeAsync() => sidecar.DisposeAsync();
}
