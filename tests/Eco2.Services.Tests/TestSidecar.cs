using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Eco2.Services.Tests;

/// <summary>The embedded sidecar in this process, with components in memory and the subscriptions of the repository.</summary>
internal sealed class TestSidecar : IAsyncDisposable
{
    private const string ApiToken = "the-token-of-the-app";
    private readonly SidecarHost host;

    private TestSidecar(SidecarHost host, string folder) => (this.host, ObjectsFolder) = (host, folder);

    /// <summary>Where the binding <c>objects</c> keeps its files.</summary>
    public string ObjectsFolder { get; }

    /// <summary>Where the binding <c>mail</c> keeps its files, unless a test brings a mailer.</summary>
    public string MailFolder => Path.Combine(ObjectsFolder, "mail");

    public static Task<TestSidecar> StartAsync(params string[] apps) => StartAsync(null, apps);

    /// <param name="mail">The component <c>mail</c>; null for a folder.</param>
    /// <param name="apps">Who gets a sidecar.</param>
    public static async Task<TestSidecar> StartWithMailerAsync(string mail, params string[] apps) => await StartAsync(mail, apps);

    private static async Task<TestSidecar> StartAsync(string? mail, string[] apps)
    {
        var folder = Directory.CreateTempSubdirectory("eco2-objects-").FullName;
        var resources = $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: pubsub }
            spec: { type: pubsub.in-memory, version: v1 }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: broadcast }
            spec: { type: pubsub.in-memory, version: v1 }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: dead-letters }
            spec: { type: pubsub.in-memory, version: v1 }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: state }
            spec: { type: state.in-memory, version: v1 }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: secrets }
            spec:
              type: secretstores.local.env
              version: v1
              metadata: [{ name: prefix, value: ECO2_SECRET_ }]
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: objects }
            spec:
              type: bindings.localstorage
              version: v1
              metadata:
                - { name: rootPath, value: "{{folder}}" }
                - { name: direction, value: output }
            ---
            {{mail ?? MailTo(folder)}}
            ---

            """ + await File.ReadAllTextAsync(Repository("components/redis/subscriptions.yaml"));
        var settings = apps.Select(app => new AppSettings
        {
            AppId = app, AwaitsAppPort = true, InlineResources = resources, MaxBodyBytes = 16 << 20, ApiToken = ApiToken, AppToken = ServiceHost.AppToken,
        });
        var host = await SidecarHost.StartAsync(new SidecarOptions { Apps = [.. settings], Logs = NullLoggerFactory.Instance }, CancellationToken.None);
        return new TestSidecar(host, folder);
    }

    /// <summary>Options that lead an app to its sidecar.</summary>
    public string[] OptionsOf(string app) =>
        [$"DAPR_HTTP_PORT={host.App(app).HttpPort}", $"DAPR_GRPC_PORT={host.App(app).GrpcPort}", $"DAPR_API_TOKEN={ApiToken}"];

    /// <summary>Tells where an app listens and waits until its subscriptions run.</summary>
    public async Task AttachAsync(string app, Uri address)
    {
        host.App(app).AttachApp(address.Port);
        await host.App(app).WaitUntilReadyAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        Directory.Delete(ObjectsFolder, recursive: true);
    }

    private static string MailTo(string folder) =>
        $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: mail }
        spec:
          type: bindings.localstorage
          version: v1
          metadata:
            - { name: rootPath, value: "{{folder}}/mail" }
            - { name: direction, value: output }
        """;

    public static string Repository(string path) => Path.Combine(Checkout.Root, path);
}
