using System.Net;
using Eco2.Testing;
using EmbeddedSidecar.Apps;

namespace Eco2.Services.Tests.Gateway;

/// <summary>Two replicas of the gateway, each with a sidecar of its own over one store. What they invoke is answered by a stand-in.</summary>
internal sealed class Replicas : IAsyncDisposable
{
    private readonly List<HttpClient> clients = [];
    private readonly string[] options;
    private AppSidecars sidecars = null!;

    private Replicas(TestClock clock, string[] options) => (Clock, this.options) = (clock, options);

    public TestClock Clock { get; }

    public SidecarStandIn Apps { get; private set; } = null!;

    public TestTarget Target { get; private set; } = null!;

    public List<ServiceHost> Hosts { get; } = [];

    public static async Task<Replicas> StartAsync(params string[] options)
    {
        var self = new Replicas(new TestClock(), options);
        self.Apps = await SidecarStandIn.StartAsync();
        self.Target = await TestTarget.StartAsync();
        AppSettings[] apps = [new() { AppId = "gateway" }, new() { AppId = "gateway" }];
        self.sidecars = await self.Target.StartSidecarsAsync([self.Target.Read("limits")], apps);
        await self.AddAsync(0);
        await self.AddAsync(1);
        // Whoever came before a gateway knew its keys was counted by address.
        self.Clock.Advance(TimeSpan.FromMinutes(3));
        return self;
    }

    /// <summary>The first is replaced by a new process, as by a deployment.</summary>
    public async Task RestartFirstAsync()
    {
        await Hosts[0].DisposeAsync();
        Hosts.RemoveAt(0);
        clients.RemoveAt(0);
        await AddAsync(0);
    }

    public Task<HttpResponseMessage> SendAsync(int replica, HttpMethod method, string path, string user = "01980000-0000-7000-8000-000000000001")
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Authorization", "Bearer " + Apps.Token((_, claims) => claims["sub"] = user, now: Clock.GetUtcNow()));
        return clients[replica].SendAsync(request);
    }

    public Task<HttpResponseMessage> SendWithoutAsync(int replica, HttpMethod method, string path) => clients[replica].SendAsync(new HttpRequestMessage(method, path));

    public async ValueTask DisposeAsync()
    {
        clients.ForEach(client => client.Dispose());
        foreach (var host in Hosts)
        {
            await host.DisposeAsync();
        }

        await sidecars.DisposeAsync();
        await Target.DisposeAsync();
        await Apps.DisposeAsync();
    }

    private async Task AddAsync(int at)
    {
        var host = await ServiceHost.StartAsync(
            Eco2.Gateway.Program.Build, null, Clock, [$"DAPR_HTTP_PORT={Apps.Port}", $"DAPR_GRPC_PORT={sidecars.Apps[at].GrpcPort}", "Edge:SyncInterval=00:00:00.1", "Edge:LimitsTimeout=00:00:05", .. options]);
        Hosts.Insert(at, host);
        clients.Insert(at, host.NewClient(token: false));
        // Asked by a user of its own, who counts nowhere else.
        await Eventually.TrueAsync(async () => (await SendAsync(at, HttpMethod.Get, "/api/v1/users/me", "01980000-0000-7000-8000-0000000000ff")).StatusCode == HttpStatusCode.OK, "the gateway knows its keys");
    }
}
