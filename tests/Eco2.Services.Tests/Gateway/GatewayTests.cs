using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Eco2.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Eco2.Services.Tests.Gateway;

public sealed class GatewayTests : IAsyncLifetime
{
    private SidecarStandIn sidecar = null!;
    private ServiceHost host = null!;
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        sidecar = await SidecarStandIn.StartAsync();
        host = await ServiceHost.StartAsync(
            Eco2.Gateway.Program.Build, null, null, $"DAPR_HTTP_PORT={sidecar.Port}", "DAPR_API_TOKEN=to-the-sidecar", "Edge:SyncInterval=00:00:00.1", "Edge:LimitFactor=1000");
        client = host.NewClient(token: false);
        await Eventually.TrueAsync(async () => (await GetAsync("/api/v1/users/me", sidecar.Token())).StatusCode == HttpStatusCode.OK, "the gateway knows its keys");
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await host.DisposeAsync();
        await sidecar.DisposeAsync();
    }

    [Theory]
    [InlineData("/api/v1/auth/sign-up", "auth")]
    [InlineData("/.well-known/jwks.json?x", "auth")]
    [InlineData("/api/v1/images/scan", "image")]
    [InlineData("/api/v1/scan", "scan")]
    [InlineData("/api/v1/scan/01980000-0000-7000-8000-000000000001/result", "scan")]
    [InlineData("/api/v1/scan/01980000-0000-7000-8000-000000000001/events", "sse-gateway")]
    [InlineData("/api/v1/jobs/01980000-0000-7000-8000-000000000001/events?after=1&x=%20", "sse-gateway")]
    [InlineData("/api/v1/character/catalog", "character")]
    [InlineData("/assets/character/eco.png", "character")]
    [InlineData("/api/v1/users/me/characters/%ED%8E%98%ED%8B%B0/ownership", "my")]
    public async Task Each_path_goes_to_its_app_unchanged(string path, string app)
    {
        var seen = await (await GetAsync(path, sidecar.Token())).JsonAsync();

        Assert.Equal(app, seen.GetProperty("app").GetString());
        Assert.Equal(path, seen.GetProperty("path").GetString());
    }

    [Theory]
    [InlineData("/internal/sessions/revoked", HttpStatusCode.NotFound)]
    [InlineData("/api/v1/internal", HttpStatusCode.NotFound)]
    [InlineData("/api/v2/scan", HttpStatusCode.NotFound)]
    [InlineData("/assets/other/eco.png", HttpStatusCode.NotFound)]
    [InlineData("/assets/character/../../internal/rewards/evaluate", HttpStatusCode.BadRequest)]
    [InlineData("/assets/character/..%2f..%2finternal", HttpStatusCode.BadRequest)]
    [InlineData("/v1.0/invoke/auth/method/internal/sessions/revoked", HttpStatusCode.NotFound)]
    [InlineData("/api/v1/auth/%2e%2e/%2e%2e/internal", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/auth/..%2f..%2finternal", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/auth/../../../internal/x", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/auth//internal", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/auth/%5c..%5cinternal", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/auth/a;b", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/auth/%00", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/auth/%252e", HttpStatusCode.BadRequest)]
    public async Task Nothing_internal_can_be_reached_however_it_is_spelled(string path, HttpStatusCode status)
    {
        sidecar.Asked.Clear();

        // A raw request: HttpClient would tidy the path up.
        var answer = await RawAsync($"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {sidecar.Token()}\r\n\r\n");

        Assert.StartsWith($"HTTP/1.1 {(int)status}", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(sidecar.Asked, a => a != "auth /internal/sessions/revoked" && a != "auth /.well-known/jwks.json");
    }

    [Theory]
    [InlineData("/api/v1/audit?limit=1", "auth")]
    [InlineData("/api/v1/dead-letters", "my")]
    [InlineData("/api/v1/dead-letters/01980000-0000-7000-8000-000000000001/replay?x", "my")]
    public async Task What_is_for_admins_opens_for_that_role_only(string path, string app)
    {
        var user = await GetAsync(path, sidecar.Token());
        var almost = await GetAsync(path, sidecar.Token((_, claims) => claims["roles"] = (string[])["user", "admin2", "Admin"]));
        var nobody = await client.GetAsync(new Uri(path, UriKind.Relative));
        var admin = await (await GetAsync(path, sidecar.Token((_, claims) => claims["roles"] = (string[])["user", "admin"]))).JsonAsync();

        await user.IsProblemAsync(HttpStatusCode.Forbidden, "FORBIDDEN", "gateway");
        await almost.IsProblemAsync(HttpStatusCode.Forbidden, "FORBIDDEN", "gateway");
        await nobody.IsProblemAsync(HttpStatusCode.Unauthorized, "UNAUTHORIZED", "gateway");
        Assert.Equal((app, path), (admin.GetProperty("app").GetString(), admin.GetProperty("path").GetString()));
    }

    [Fact]
    public async Task Identity_comes_from_the_token_and_never_from_outside()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/users/me");
        request.Headers.Add("Authorization", "Bearer " + sidecar.Token());
        foreach (var name in (string[])["X-User-Id", "x_user_id", "X-User-Roles", "X-Session-Id", "X-Auth-Provider", "X-Client-Address", "X-Forwarded-For", "dapr-app-id", "dapr-api-token", "dapr-caller-app-id"])
        {
            request.Headers.TryAddWithoutValidation(name, "forged");
        }

        request.Headers.Add("Cookie", "s_refresh=secret");
        request.Headers.Add("X-Hop", "1");
        request.Headers.Add("Connection", "X-Hop");

        var headers = (await (await client.SendAsync(request)).JsonAsync()).GetProperty("headers");

        Assert.Equal("01980000-0000-7000-8000-000000000001", headers.GetProperty("x-user-id").GetString());
        Assert.Equal("01980000-0000-7000-8000-000000000002", headers.GetProperty("x-session-id").GetString());
        Assert.Equal("user", headers.GetProperty("x-user-roles").GetString());
        Assert.Equal("127.0.0.1", headers.GetProperty("x-client-address").GetString());
        Assert.Equal("to-the-sidecar", headers.GetProperty("dapr-api-token").GetString());
        Assert.DoesNotContain(headers.EnumerateObject(), h => h.Value.GetString() == "forged" || h.Name is "cookie" or "authorization" or "x-hop");
        Assert.True(headers.TryGetProperty("traceparent", out _));
    }

    public static TheoryData<string, string> BadTokens => new()
    {
        { "none", "INVALID_TOKEN" }, { "another algorithm over a right signature", "INVALID_TOKEN" }, { "HS256 with the public key", "INVALID_TOKEN" }, { "other key", "INVALID_TOKEN" }, { "unknown kid", "INVALID_TOKEN" },
        { "no kid", "INVALID_TOKEN" }, { "crit", "INVALID_TOKEN" }, { "refresh type", "INVALID_TOKEN" }, { "other issuer", "INVALID_TOKEN" },
        { "other audience", "INVALID_TOKEN" }, { "expired", "TOKEN_EXPIRED" }, { "not yet", "INVALID_TOKEN" }, { "no exp", "INVALID_TOKEN" },
        { "exp as text", "INVALID_TOKEN" }, { "sub no uuid", "INVALID_TOKEN" }, { "oversized", "INVALID_TOKEN" }, { "tampered", "INVALID_TOKEN" },
        { "kid of SQL", "INVALID_TOKEN" }, { "kid of an address", "INVALID_TOKEN" }, { "kid that is no text", "INVALID_TOKEN" }, { "key in the token", "INVALID_TOKEN" }, { "addresses of keys", "INVALID_TOKEN" },
        { "claims twice", "INVALID_TOKEN" }, { "empty", "INVALID_TOKEN" }, { "garbage", "INVALID_TOKEN" }, { "der signature", "INVALID_TOKEN" }, { "basic", "INVALID_TOKEN" }, { "twice", "INVALID_TOKEN" },
    };

    [Theory]
    [MemberData(nameof(BadTokens))]
    public async Task A_token_that_is_not_ours_opens_nothing(string kind, string code)
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var silent = new SilentListener();
        var token = kind switch
        {
            "none" => string.Join('.', sidecar.Token((h, _) => h["alg"] = "none").Split('.')[..2]) + ".",
            "another algorithm over a right signature" => sidecar.Token((h, _) => h["alg"] = "none"),
            "HS256 with the public key" => Hmac(),
            "other key" => sidecar.Token(key: other),
            "unknown kid" => sidecar.Token((h, _) => h["kid"] = "../../x"),
            "kid of SQL" => sidecar.Token((h, _) => h["kid"] = "x' union select 1 --", other),
            "kid of an address" => sidecar.Token((h, _) => h["kid"] = $"http://127.0.0.1:{silent.Port}/key", other),
            "kid that is no text" => sidecar.Token((h, _) => h["kid"] = new[] { SidecarStandIn.Kid }),
            "key in the token" => sidecar.Token((h, _) => h["jwk"] = new { kty = "EC", crv = "P-256", kid = SidecarStandIn.Kid, x = Coordinate(other, q => q.X!), y = Coordinate(other, q => q.Y!) }, other),
            "addresses of keys" => sidecar.Token((h, _) => h["jku"] = h["x5u"] = $"http://127.0.0.1:{silent.Port}/jwks", other),
            "claims twice" => Twice(),
            "no kid" => sidecar.Token((h, _) => h.Remove("kid")),
            "crit" => sidecar.Token((h, _) => h["crit"] = new[] { "b64" }),
            "refresh type" => sidecar.Token((_, c) => c["type"] = "refresh"),
            "other issuer" => sidecar.Token((_, c) => c["iss"] = "eco3"),
            "other audience" => sidecar.Token((_, c) => c["aud"] = new[] { "eco2", "x" }),
            "expired" => sidecar.Token(now: TimeProvider.System.GetUtcNow().AddMinutes(-16)),
            "not yet" => sidecar.Token(now: TimeProvider.System.GetUtcNow().AddMinutes(5)),
            "no exp" => sidecar.Token((_, c) => c.Remove("exp")),
            "exp as text" => sidecar.Token((_, c) => c["exp"] = "99999999999"),
            "sub no uuid" => sidecar.Token((_, c) => c["sub"] = "admin"),
            "oversized" => sidecar.Token((_, c) => c["pad"] = new string('x', 8_000)),
            "tampered" => Tampered(),
            "empty" => "",
            "garbage" => "a.b.c",
            "der signature" => Der(),
            _ => sidecar.Token(),
        };
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/users/me");
        request.Headers.TryAddWithoutValidation("Authorization", kind == "basic" ? "Basic " + token : "Bearer " + token);
        if (kind == "twice")
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }

        await (await client.SendAsync(request)).IsProblemAsync(HttpStatusCode.Unauthorized, code, "gateway");
        Assert.False(silent.WasAsked);

        static string Coordinate(ECDsa key, Func<ECPoint, byte[]> one) => System.Buffers.Text.Base64Url.EncodeToString(one(key.ExportParameters(false).Q));

        string Twice()
        {
            // Signed with the right key: only the second subject is wrong.
            var parts = sidecar.Token().Split('.');
            var claims = Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1]));
            var signed = $"{parts[0]}.{System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims[..^1] + ",\"sub\":\"01980000-0000-7000-8000-000000000009\"}"))}";
            return $"{signed}.{System.Buffers.Text.Base64Url.EncodeToString(sidecar.Key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
        }

        string Hmac()
        {
            var signed = sidecar.Token((h, _) => h["alg"] = "HS256");
            signed = signed[..signed.LastIndexOf('.')];
            return $"{signed}.{System.Buffers.Text.Base64Url.EncodeToString(HMACSHA256.HashData(sidecar.Key.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(signed)))}";
        }

        string Tampered()
        {
            var parts = sidecar.Token().Split('.');
            return $"{parts[0]}.{sidecar.Token((_, c) => c["roles"] = new[] { "owner" }).Split('.')[1]}.{parts[2]}";
        }

        string Der()
        {
            var signed = sidecar.Token();
            signed = signed[..signed.LastIndexOf('.')];
            return $"{signed}.{System.Buffers.Text.Base64Url.EncodeToString(sidecar.Key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))}";
        }
    }

    [Fact]
    public async Task No_token_is_401_and_auth_is_open()
    {
        await (await GetAsync("/api/v1/users/me", null)).IsProblemAsync(HttpStatusCode.Unauthorized, "UNAUTHORIZED", "gateway");
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync("/api/v1/auth/sign-in", Answers.Json("{}"))).StatusCode);
    }

    [Fact]
    public async Task A_picture_of_a_character_needs_no_token_but_the_catalogue_does()
    {
        sidecar.Handle = async (_, _, http) =>
        {
            http.Response.ContentType = "image/png";
            http.Response.Headers.CacheControl = "public, max-age=86400";
            http.Response.Headers.ETag = "\"tag\"";
            http.Response.Headers.XContentTypeOptions = "nosniff";
            await http.Response.Body.WriteAsync(new byte[] { 1, 2, 3 });
        };

        var picture = await GetAsync("/assets/character/eco.png", null);

        Assert.Equal(HttpStatusCode.OK, picture.StatusCode);
        Assert.Equal([1, 2, 3], await picture.Content.ReadAsByteArrayAsync());
        Assert.Equal("image/png", picture.Content.Headers.ContentType?.ToString());
        Assert.Equal("\"tag\"", picture.Headers.ETag?.Tag);
        Assert.True(picture.Headers.CacheControl?.Public);
        Assert.Equal(["nosniff"], picture.Headers.GetValues("X-Content-Type-Options"));
        await (await GetAsync("/api/v1/character/catalog", null)).IsProblemAsync(HttpStatusCode.Unauthorized, "UNAUTHORIZED", "gateway");
    }

    [Fact]
    public async Task An_ended_session_is_refused_whether_told_by_topic_or_asked_for()
    {
        var told = sidecar.Token((_, c) => c["sid"] = "01980000-0000-7000-8000-0000000000aa");
        var asked = sidecar.Token((_, c) => c["sid"] = "01980000-0000-7000-8000-0000000000bb");
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/api/v1/users/me", told)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/api/v1/users/me", asked)).StatusCode);
        string Session(string end) => $$"""{"session_id":"01980000-0000-7000-8000-0000000000{{end}}","user_id":"01980000-0000-7000-8000-000000000001","revoked_at":"2026-01-01T00:00:00Z","forget_after":"2999-01-01T00:00:00Z"}""";

        var cloudEvent = new StringContent("{\"specversion\":\"1.0\",\"id\":\"1\",\"data\":" + Session("aa") + "}", Encoding.UTF8, "application/cloudevents+json");
        var stranger = await client.PostAsync("/events/session-revoked", Answers.Json("{}"));
        Assert.Equal(HttpStatusCode.OK, (await host.Client.PostAsync("/events/session-revoked", cloudEvent)).StatusCode);
        sidecar.Revoked = $"[{Session("bb")}]";

        await stranger.IsProblemAsync(HttpStatusCode.Unauthorized, "UNAUTHORIZED", "gateway");
        await (await GetAsync("/api/v1/users/me", told)).IsProblemAsync(HttpStatusCode.Unauthorized, "TOKEN_REVOKED", "gateway");
        await Eventually.TrueAsync(async () => (await GetAsync("/api/v1/users/me", asked)).StatusCode == HttpStatusCode.Unauthorized, "the gateway asked auth");
    }

    [Theory]
    [InlineData(null, null, HttpStatusCode.Forbidden)]
    [InlineData("Origin", "https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-origin", HttpStatusCode.OK)]
    [InlineData("X-Requested-With", "eco2", HttpStatusCode.OK)]
    [InlineData("Origin", "own", HttpStatusCode.OK)]
    public async Task A_cookie_writes_only_from_our_own_pages(string? header, string? value, HttpStatusCode status)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/users/me") { Content = Answers.Json("{}") };
        request.Headers.Add("Cookie", "s_access=" + sidecar.Token());
        if (header is not null)
        {
            request.Headers.Add(header, value == "own" ? host.Address.GetLeftPart(UriPartial.Authority) : value);
        }

        Assert.Equal(status, (await client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Bodies_are_bounded_by_route_announced_or_not()
    {
        using var announced = new HttpRequestMessage(HttpMethod.Post, "/api/v1/character/x") { Content = new ByteArrayContent(new byte[300_000]) };
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/api/v1/character/x") { Content = new StreamContent(new MemoryStream(new byte[300_000])) };
        chunked.Headers.TransferEncodingChunked = true;
        using var picture = new HttpRequestMessage(HttpMethod.Put, "/api/v1/images/scan") { Content = new ByteArrayContent(new byte[5_000_000]) };
        foreach (var request in (HttpRequestMessage[])[announced, chunked, picture])
        {
            request.Headers.Add("Authorization", "Bearer " + sidecar.Token());
        }

        await (await client.SendAsync(announced)).IsProblemAsync(HttpStatusCode.RequestEntityTooLarge, "TOO_LARGE", "gateway");
        await (await client.SendAsync(chunked)).IsProblemAsync(HttpStatusCode.RequestEntityTooLarge, "TOO_LARGE", "gateway");
        Assert.Equal(5_000_000, (await (await client.SendAsync(picture)).JsonAsync()).GetProperty("bytes").GetInt64());
    }

    [Fact]
    public async Task A_stream_passes_event_by_event_and_ends_at_the_app_when_the_client_leaves()
    {
        var step = new SemaphoreSlim(0);
        var left = new TaskCompletionSource();
        sidecar.Handle = async (_, _, http) =>
        {
            http.Response.ContentType = "text/event-stream";
            http.RequestAborted.Register(left.SetResult);
            for (var i = 1; ; i++)
            {
                await http.Response.WriteAsync($"id: {i}\n\n");
                await http.Response.Body.FlushAsync();
                await step.WaitAsync(http.RequestAborted);
            }
        };
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/jobs/x/events");
        request.Headers.Add("Authorization", "Bearer " + sidecar.Token());

        var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using (var lines = new StreamReader(await answer.Content.ReadAsStreamAsync()))
        {
            // Each event is there before the app is let on to the next.
            Assert.Equal("id: 1", await lines.ReadLineAsync());
            await lines.ReadLineAsync();
            step.Release();
            Assert.Equal("id: 2", await lines.ReadLineAsync());
        }

        answer.Dispose();
        await left.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_request_body_reaches_the_app_before_it_is_whole()
    {
        var first = new TaskCompletionSource<int>();
        sidecar.Handle = async (_, _, http) =>
        {
            var buffer = new byte[100];
            first.SetResult(await http.Request.Body.ReadAsync(buffer));
            await http.Request.Body.CopyToAsync(Stream.Null);
        };
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, host.Address.Port);
        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"PUT /api/v1/images/scan HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {sidecar.Token()}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"));

        Assert.Equal(5, await first.Task.WaitAsync(TimeSpan.FromSeconds(20)));
        await tcp.GetStream().WriteAsync("0\r\n\r\n"u8.ToArray());
        using var answer = new StreamReader(tcp.GetStream());
        Assert.Equal("HTTP/1.1 200 OK", await answer.ReadLineAsync());
    }

    [Fact]
    public async Task An_app_that_is_away_is_503_and_its_own_500_stays_500()
    {
        sidecar.Handle = async (app, _, http) =>
        {
            http.Response.StatusCode = 500;
            if (app == "scan")
            {
                const string Said = """{"errorCode":"ERR_DIRECT_INVOKE","message":"scan cannot be reached"}""";
                http.Response.ContentLength = Said.Length;
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync(Said);
            }
            else
            {
                await http.Response.WriteAsJsonAsync(new { type = "urn:eco2:my:internal", code = "INTERNAL" }, options: null, contentType: "application/problem+json");
            }
        };

        var away = await GetAsync("/api/v1/scan", sidecar.Token());
        var broken = await GetAsync("/api/v1/users/me", sidecar.Token());

        Assert.Equal(HttpStatusCode.InternalServerError, broken.StatusCode);
        await away.IsProblemAsync(HttpStatusCode.ServiceUnavailable, "OVERLOADED", "gateway");
        Assert.NotNull(away.Headers.RetryAfter);
    }

    [Fact]
    public async Task What_is_too_long_for_the_sidecar_is_a_problem_like_any_other()
    {
        sidecar.Handle = async (_, _, http) =>
        {
            http.Response.StatusCode = StatusCodes.Status431RequestHeaderFieldsTooLarge;
            await http.Response.WriteAsync("too large");
        };

        await (await GetAsync("/api/v1/scan", sidecar.Token())).IsProblemAsync(HttpStatusCode.RequestHeaderFieldsTooLarge, "HEADERS_TOO_LARGE", "gateway");
    }

    [Fact]
    public async Task Without_a_sidecar_it_lives_and_says_503()
    {
        await using var alone = await ServiceHost.StartAsync(Eco2.Gateway.Program.Build);
        using var outside = alone.NewClient(token: false);

        Assert.Equal(HttpStatusCode.OK, (await outside.GetAsync(new Uri("/healthz", UriKind.Relative))).StatusCode);
        var signIn = await outside.PostAsync("/api/v1/auth/sign-in", Answers.Json("{}"));
        await signIn.IsProblemAsync(HttpStatusCode.ServiceUnavailable, "OVERLOADED", "gateway");
        Assert.Equal("nosniff", signIn.Headers.GetValues("X-Content-Type-Options").Single());
    }

    private Task<HttpResponseMessage> GetAsync(string path, string? token)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null)
        {
            request.Headers.Add("Authorization", "Bearer " + token);
        }

        return client.SendAsync(request);
    }

    private async Task<string> RawAsync(string request)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, host.Address.Port);
        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(tcp.GetStream());
        return await reader.ReadToEndAsync();
    }
}
