using Eco2.Testing;
using EmbeddedSidecar.Apps;

namespace Eco2.Services.Tests;

/// <summary>Sidecars over the target's own components and subscriptions, with what they write to folders in one of its own.</summary>
internal sealed class TestSidecar : IAsyncDisposable
{
    private const string ApiToken = "the-token-of-the-app";
    private readonly TestTarget target;
    private readonly AppSidecars sidecars;

    private TestSidecar(TestTarget target, AppSidecars sidecars, string folder) => (this.target, this.sidecars, ObjectsFolder) = (target, sidecars, folder);

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
        var target = await TestTarget.StartAsync();
        var settings = apps.Select(app => new AppSettings
        {
            AppId = app,
            AwaitsAppPort = true,
            MaxBodyBytes = 16 << 20,
            ApiToken = ApiToken,
            AppToken = ServiceHost.AppToken,
            Environment = new Dictionary<string, string> { ["ECO2_OBJECTS_DIR"] = folder, ["ECO2_MAIL_DIR"] = Path.Combine(folder, "mail") },
        });
        string[] components = ["state", "jobs", "pubsub", "broadcast", "dead-letters", "secrets", "objects", "subscriptions"];
        return new TestSidecar(target, await target.StartSidecarsAsync([.. components.Select(target.Read), mail ?? target.Read("mail")], [.. settings]), folder);
    }

    /// <summary>Options that lead an app to its sidecar.</summary>
    public string[] OptionsOf(string app) =>
        [$"DAPR_HTTP_PORT={sidecars[app].HttpPort}", $"DAPR_GRPC_PORT={sidecars[app].GrpcPort}", $"DAPR_API_TOKEN={ApiToken}"];

    /// <summary>Tells where an app listens and waits until its subscriptions run.</summary>
    public Task AttachAsync(string app, Uri address) => sidecars[app].AttachAsync(address.Port);

    public async ValueTask DisposeAsync()
    {
        await sidecars.DisposeAsync();
        await target.DisposeAsync();
        Directory.Delete(ObjectsFolder, recursive: true);
    }

    public static string Repository(string path) => Path.Combine(Checkout.Root, path);
}
