using System.Net;
using System.Net.Sockets;
using System.Text;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.Gateway;

/// <summary>Requests that two servers could read differently, byte by byte over a socket. What the app behind saw is what counts.</summary>
public sealed class SmugglingTests : IAsyncLifetime
{
    private SidecarStandIn sidecar = null!;
    private ServiceHost host = null!;

    public async Task InitializeAsync()
    {
        sidecar = await SidecarStandIn.StartAsync();
        host = await ServiceHost.StartAsync(
            Eco2.Gateway.Program.Build,
            null,
            null,
            $"DAPR_HTTP_PORT={sidecar.Port}",
            "Edge:SyncInterval=00:05:00",
            "Edge:LimitFactor=1000",
            "Edge:AllowedOrigins:0=https://app.example.com",
            "Gateway:HeadersWithin=00:00:00.5",
            "Gateway:MaxConnectionsPerAddress=5");
        await Eventually.TrueAsync(async () => (await RawAsync(Get("/api/v1/users/me"))).StartsWith("HTTP/1.1 200", StringComparison.Ordinal), "the gateway knows its keys");
        sidecar.Asked.Clear();
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await sidecar.DisposeAsync();
    }

    [Theory]
    [InlineData("Content-Length: 4\r\nContent-Length: 44\r\n")]
    [InlineData("Content-Length: 4, 44\r\n")]
    [InlineData("Content-Length: -1\r\n")]
    [InlineData("Content-Length: 0x4\r\n")]
    [InlineData("Transfer-Encoding: identity, chunked, identity\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\n")]
    [InlineData("Transfer-Encoding : chunked\r\n")]
    [InlineData("X: y\r\n folded: line\r\n")]
    [InlineData("X\u0000Y: z\r\n")]
    [InlineData("X-Y: a\u0000b\r\n")]
    [InlineData("Host: two.example\r\n")]
    [InlineData(": no name\r\n")]
    [InlineData("No colon\r\n")]
    public async Task What_frames_a_request_in_two_ways_is_refused_and_nothing_after_it_is_read(string header)
    {
        var answer = await RawAsync($"POST /api/v1/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sidecar.Token()}\r\n{header}\r\nabcd" + Get("/api/v1/users/smuggled"));

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Empty(sidecar.Asked);
    }

    /// <summary>RFC 9112 lets a server read such a message by its chunks if it closes the connection after it.</summary>
    [Fact]
    public async Task Of_length_and_chunks_at_once_only_one_reading_passes_on_and_nothing_is_left_over()
    {
        var answer = await RawAsync(
            $"POST /api/v1/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sidecar.Token()}\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + Get("/api/v1/users/smuggled"));

        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
        Assert.DoesNotContain(sidecar.Asked, path => path.Contains("smuggled", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://127.0.0.1/internal/sessions/revoked")]
    [InlineData("http://auth/api/v1/users/me")]
    [InlineData("//auth/internal")]
    [InlineData("/api/v1/users/me#/../x")]
    [InlineData("/api/v1/users/./me")]
    [InlineData("/api/v1/users/me/%2e")]
    [InlineData("/api/v1/users/%2E%2e%2Finternal")]
    [InlineData("/api/v1/users/%u002e")]
    [InlineData("/api/v1/users/%0d%0aX-User-Id:%20x")]
    [InlineData("/api/v1/users\\..\\internal")]
    public async Task Odd_targets_reach_no_app(string target)
    {
        var answer = await RawAsync(Get(target));

        Assert.True(answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal) || answer.StartsWith("HTTP/1.1 404", StringComparison.Ordinal), answer);
        Assert.Empty(sidecar.Asked);
    }

    [Fact]
    public async Task No_header_from_outside_passes_for_one_of_the_edge_or_the_sidecar()
    {
        string[] forged = ["x-user-id", "X_USER_ID", "X-User_Roles", "X-USER-SCOPES", "x_user_scopes", "X-Session-Id", "X_Session_Id", "x-auth-provider", "dapr-app-id", "Dapr_Api_Token", "X-Forwarded-Host", "X_Forwarded_Proto", "X-Client-Address", "x_client_address", "X-Real-IP", "Forwarded"];

        var answer = await RawAsync($"GET /api/v1/auth/providers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{string.Concat(forged.Select(name => $"{name}: forged\r\n"))}\r\n");

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("forged", answer, StringComparison.Ordinal);
    }

    /// <summary>RFC 9110, 7.6.1. The echo shows names in lower case; the caller is known all the same.</summary>
    [Theory]
    [InlineData("Connection: close, If-Match, idempotency-key\r\n")]
    [InlineData("Connection: If-Match, Idempotency-Key, close\r\n")]
    [InlineData("Connection: keep-alive,IF-MATCH\t,Idempotency-Key\r\n")]
    [InlineData("Connection: close\r\nConnection: If-Match\r\nconnection: ,Idempotency-Key,\r\n")]
    [InlineData("Connection: If-Match\r\nConnection: Idempotency-Key\r\nConnection: keep-alive\r\n")]
    [InlineData("Connection: Upgrade, If-Match, Idempotency-Key\r\nUpgrade: h2c\r\n")]
    [InlineData("Connection: If-Match, Idempotency-Key, X-User-Id, Authorization\r\n")]
    public async Task What_Connection_names_goes_no_further(string connection)
    {
        // On one connection: the server keeps values of the request before.
        var answers = await RawAsync(
            $"GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nAuthorization: Bearer {sidecar.Token()}\r\nIf-Match: \"1\"\r\nIdempotency-Key: first-key\r\n\r\n"
            + $"GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\n{connection}Authorization: Bearer {sidecar.Token()}\r\nAccept-Language: ko\r\nIf-Match: \"2\"\r\nIdempotency-Key: second-key\r\n\r\n"
            + Get("/api/v1/users/me"));

        var (first, second) = (answers.Split("HTTP/1.1 200")[1], answers.Split("HTTP/1.1 200")[2]);
        Assert.Contains("first-key", first, StringComparison.Ordinal);
        Assert.Contains("if-match", first, StringComparison.Ordinal);
        Assert.DoesNotContain("second-key", second, StringComparison.Ordinal);
        Assert.DoesNotContain("if-match", second, StringComparison.Ordinal);
        Assert.Contains("accept-language", second, StringComparison.Ordinal);
        Assert.Contains("01980000-0000-7000-8000-000000000001", second, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_and_too_large_headers_are_refused()
    {
        Assert.StartsWith("HTTP/1.1 431", await RawAsync($"GET / HTTP/1.1\r\nHost: x\r\n{string.Concat(Enumerable.Range(0, 70).Select(n => $"X-{n}: y\r\n"))}\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 431", await RawAsync($"GET / HTTP/1.1\r\nHost: x\r\nX-Y: {new string('y', 30_000)}\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 414", await RawAsync($"GET /{new string('y', 9_000)} HTTP/1.1\r\nHost: x\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_that_do_not_end_are_not_waited_for()
    {
        // 408, or nothing at all; the connection is over, or this would wait for ever.
        var answer = await RawAsync("GET / HTTP/1.1\r\nHost: x\r\nX-Y: ").WaitAsync(TimeSpan.FromSeconds(20));

        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 408", StringComparison.Ordinal), answer);
    }

    [Fact]
    public async Task One_address_has_so_many_connections_and_gets_a_place_back_when_one_ends()
    {
        var held = new List<TcpClient>();
        for (var n = 0; n < 5; n++)
        {
            // Those of the test before may still be ending.
            await Eventually.TrueAsync(() => IsHeldAsync(held), "a place is free");
        }

        Assert.False(await IsServedAsync());
        held.ForEach(one => one.Dispose());
        await Eventually.TrueAsync(IsServedAsync, "there is a place again");
    }

    [Theory]
    [InlineData("https://app.example.com", true)]
    [InlineData("https://app.example.com.evil.example", false)]
    [InlineData("http://app.example.com", false)]
    [InlineData("null", false)]
    public async Task Only_pages_of_allowed_origins_may_call(string origin, bool allowed)
    {
        var preflight = await RawAsync($"OPTIONS /api/v1/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: DELETE\r\n\r\n");
        var read = await RawAsync($"GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: {origin}\r\nAuthorization: Bearer {sidecar.Token()}\r\n\r\n");
        var write = await RawAsync($"DELETE /api/v1/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: {origin}\r\nSec-Fetch-Site: cross-site\r\nX-Requested-With: eco2\r\nCookie: s_access={sidecar.Token()}\r\n\r\n");

        Assert.StartsWith(allowed ? "HTTP/1.1 204" : "HTTP/1.1 403", preflight, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", read, StringComparison.Ordinal);
        Assert.StartsWith(allowed ? "HTTP/1.1 200" : "HTTP/1.1 403", write, StringComparison.Ordinal);
        foreach (var answer in (string[])[preflight, read, write])
        {
            Assert.Equal(allowed, answer.Contains($"Access-Control-Allow-Origin: {origin}\r\n", StringComparison.OrdinalIgnoreCase));
            Assert.Equal(allowed, answer.Contains("Access-Control-Allow-Credentials: true", StringComparison.OrdinalIgnoreCase));
        }
    }

    private string Get(string target) => $"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {sidecar.Token()}\r\n\r\n";

    private async Task<bool> IsServedAsync()
    {
        try
        {
            return (await RawAsync("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).StartsWith("HTTP/1.1 200", StringComparison.Ordinal);
        }
        catch (Exception refused) when (refused is IOException or SocketException)
        {
            return false;
        }
    }

    // Accepted for good when it answers.
    private async Task<bool> IsHeldAsync(List<TcpClient> held)
    {
        try
        {
            var one = await ConnectAsync();
            await one.GetStream().WriteAsync("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            if (await one.GetStream().ReadAsync(new byte[4096]) == 0)
            {
                one.Dispose();
                return false;
            }

            held.Add(one);
            return true;
        }
        catch (Exception refused) when (refused is IOException or SocketException)
        {
            return false;
        }
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, host.Address.Port);
        return tcp;
    }

    private async Task<string> RawAsync(string request)
    {
        using var tcp = await ConnectAsync();
        await tcp.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(tcp.GetStream());
        return await reader.ReadToEndAsync();
    }
}
