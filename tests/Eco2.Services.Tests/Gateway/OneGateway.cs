using System.Net;
using System.Net.Sockets;
using System.Text;
using Eco2.Testing;

namespace Eco2.Services.Tests.Gateway;

/// <summary>A gateway that knows its keys, and behind it a sidecar whose apps a test writes itself.</summary>
internal sealed class OneGateway : IAsyncDisposable
{
    private OneGateway(SidecarStandIn sidecar, ServiceHost host) => (Sidecar, Host, Client) = (sidecar, host, host.NewClient(token: false));

    public SidecarStandIn Sidecar { get; }

    public ServiceHost Host { get; }

    /// <summary>Somebody outside.</summary>
    public HttpClient Client { get; }

    public static async Task<OneGateway> StartAsync()
    {
        var sidecar = await SidecarStandIn.StartAsync();
        var host = await ServiceHost.StartAsync(
            Eco2.Gateway.Program.Build, null, null, $"DAPR_HTTP_PORT={sidecar.Port}", "DAPR_API_TOKEN=to-the-sidecar", "Edge:SyncInterval=00:00:00.1", "Edge:LimitFactor=1000");
        var gateway = new OneGateway(sidecar, host);
        await Eventually.TrueAsync(async () => (await gateway.GetAsync("/api/v1/users/me", sidecar.Token())).StatusCode == HttpStatusCode.OK, "the gateway knows its keys");
        return gateway;
    }

    public Task<HttpResponseMessage> GetAsync(string path, string? token)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null)
        {
            request.Headers.Add("Authorization", "Bearer " + token);
        }

        return Client.SendAsync(request);
    }

    /// <summary>Sends what HttpClient would tidy up.</summary>
    public async Task<string> RawAsync(string request)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, Host.Address.Port);
        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(tcp.GetStream());
        return await reader.ReadToEndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Host.DisposeAsync();
        await Sidecar.DisposeAsync();
    }
}
