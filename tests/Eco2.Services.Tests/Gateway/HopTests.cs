using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.Gateway;

/// <summary>Which headers go past the gateway, byte by byte over a socket: what is for one hop ends there, both ways, and what no app reads is not passed on.</summary>
public sealed class HopTests : IAsyncLifetime
{
    private SidecarStandIn sidecar = null!;
    private ServiceHost host = null!;

    public async Task InitializeAsync()
    {
        sidecar = await SidecarStandIn.StartAsync();
        host = await ServiceHost.StartAsync(
            Eco2.Gateway.Program.Build, null, null, $"DAPR_HTTP_PORT={sidecar.Port}", "Edge:SyncInterval=00:05:00", "Edge:LimitFactor=1000");
        await Eventually.TrueAsync(async () => (await RawAsync($"GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {sidecar.Token()}\r\n\r\n")).StartsWith("HTTP/1.1 200", StringComparison.Ordinal), "the gateway knows its keys");
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await sidecar.DisposeAsync();
    }

    [Theory]
    [InlineData("Connection: close, X-Hop")]
    [InlineData("Connection: X-Hop, close")]
    [InlineData("Connection: X-Hop,close ,\tX-Hop")]
    [InlineData("Connection: close\r\nConnection: X-Hop")]
    [InlineData("connection: CLOSE, x-hop")]
    [InlineData("Connection: close\r\nProxy-Connection: X-Hop")]
    [InlineData("Connection: close")]
    public async Task What_an_app_does_not_read_stays_here_named_for_this_hop_or_not(string connection)
    {
        var seen = await SeenAsync($"{connection}\r\nX-Hop: forged\r\nX-Original-URL: /internal\r\nX-Rewrite-URL: /internal\r\nX-HTTP-Method-Override: DELETE\r\nX-Original-Host: forged\r\nTrue-Client-IP: 8.8.8.8\r\nCF-Connecting-IP: 8.8.8.8\r\nX-Cluster-Client-IP: 8.8.8.8");

        Assert.Empty(seen.Keys.Except(["host", "user-agent", "accept", "accept-language", "x-client-address", "x-forwarded-proto", "x-forwarded-host", "traceparent", "content-length"]));
    }

    [Theory]
    [InlineData("Connection: close, X-User-Id, X-Client-Address, X-Forwarded-Proto, traceparent")]
    [InlineData("Connection: close\r\nConnection: X-User-Id, X-Client-Address, X-Forwarded-Proto")]
    public async Task Nobody_takes_away_what_the_edge_says_by_naming_it(string connection)
    {
        var seen = await SeenAsync($"{connection}\r\nAuthorization: Bearer {sidecar.Token()}", "/api/v1/users/me");

        Assert.Equal("01980000-0000-7000-8000-000000000001", seen["x-user-id"]);
        Assert.Equal("127.0.0.1", seen["x-client-address"]);
        Assert.Equal("http", seen["x-forwarded-proto"]);
    }

    [Theory]
    [InlineData("Keep-Alive: timeout=5")]
    [InlineData("Proxy-Connection: keep-alive")]
    [InlineData("Proxy-Authorization: Basic eDp5")]
    [InlineData("TE: trailers")]
    [InlineData("Trailer: X-User-Id")]
    [InlineData("Upgrade: websocket")]
    [InlineData("HTTP2-Settings: AAMAAABkAAQAAP__")]
    [InlineData("Alt-Used: auth")]
    public async Task What_is_for_one_hop_by_its_nature_ends_here(string header)
    {
        var seen = await SeenAsync($"Connection: close\r\n{header}");

        Assert.DoesNotContain(header.Split(':')[0].ToLowerInvariant(), seen.Keys);
    }

    [Fact]
    public async Task What_apps_read_passes()
    {
        string[] read = ["Accept: application/json", "Accept-Language: ko", "User-Agent: a browser", "Idempotency-Key: one", "If-Match: \"a\"", "If-None-Match: \"b\"", "Last-Event-ID: 7", "X-Requested-With: eco2", "X-Frontend-Origin: https://a.example"];

        var seen = await SeenAsync($"Connection: close\r\n{string.Join("\r\n", read)}");

        Assert.All(read, line => Assert.Equal(line.Split(": ")[1], seen[line.Split(':')[0].ToLowerInvariant()]));
    }

    [Fact]
    public async Task A_trailer_of_a_body_is_no_header_for_the_app()
    {
        var answer = await RawAsync(
            "POST /api/v1/auth/sign-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTrailer: X-User-Id\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-User-Id: forged\r\nX-Hop: forged\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("forged", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("keep-alive, X-Hop")]
    [InlineData("close, X-Hop, Set-Cookie2")]
    [InlineData("X-Hop")]
    public async Task What_an_app_says_for_one_hop_does_not_reach_the_client(string connection)
    {
        using var upstream = new TcpListener(IPAddress.Loopback, 0);
        upstream.Start();
        using var end = new CancellationTokenSource();
        var serving = SayAsync(upstream, connection, end.Token);
        await using var gateway = await ServiceHost.StartAsync(Eco2.Gateway.Program.Build, null, null, $"DAPR_HTTP_PORT={((IPEndPoint)upstream.LocalEndpoint).Port}", "Edge:SyncInterval=00:05:00");

        var answer = await RawAsync("GET /api/v1/auth/providers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", gateway);
        await end.CancelAsync();
        await serving;

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Contains("X-Kept: yes", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("of-the-app", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("timeout=77", answer, StringComparison.Ordinal);
    }

    /// <summary>The headers that the app behind saw.</summary>
    private async Task<Dictionary<string, string>> SeenAsync(string headers, string path = "/api/v1/auth/providers")
    {
        var answer = await RawAsync($"GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        var from = answer.IndexOf('{', StringComparison.Ordinal);
        var json = answer[from..(answer.LastIndexOf('}') + 1)];
        return JsonElement.Parse(json).GetProperty("headers").Deserialize<Dictionary<string, string>>()!;
    }

    /// <summary>A sidecar that says the same to whatever it is asked. Byte by byte too: a server of the framework would tidy its Connection line up.</summary>
    private static async Task SayAsync(TcpListener listener, string connection, CancellationToken ct)
    {
        try
        {
            while (true)
            {
                using var tcp = await listener.AcceptTcpClientAsync(ct);
                var request = "";
                var buffer = new byte[8192];
                while (!request.Contains("\r\n\r\n", StringComparison.Ordinal) && await tcp.GetStream().ReadAsync(buffer, ct) is > 0 and var read)
                {
                    request += Encoding.Latin1.GetString(buffer, 0, read);
                }

                await tcp.GetStream().WriteAsync(
                    Encoding.Latin1.GetBytes(
                        $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: {connection}\r\nX-Hop: of-the-app\r\nKeep-Alive: timeout=77\r\nProxy-Authenticate: Basic realm=of-the-app\r\n"
                        + "Upgrade: of-the-app\r\nTE: of-the-app\r\nProxy-Connection: of-the-app\r\ndapr-x: of-the-app\r\nServer: of-the-app\r\nX-Kept: yes\r\n\r\n{}"),
                    ct);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task<string> RawAsync(string request, ServiceHost? to = null)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, (to ?? host).Address.Port);
        await tcp.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(tcp.GetStream());
        return await reader.ReadToEndAsync();
    }
}
