using System.Net;
using System.Security.Cryptography;
using System.Text;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.Gateway;

/// <summary>Who somebody is: by a token that is ours, of a session that has not ended, from a page of our own.</summary>
public sealed class TokenTests : IAsyncLifetime
{
    private OneGateway gateway = null!;

    public async Task InitializeAsync() => gateway = await OneGateway.StartAsync();

    public async Task DisposeAsync() => await gateway.DisposeAsync();

    [Fact]
    public async Task Identity_comes_from_the_token_and_never_from_outside()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/users/me");
        request.Headers.Add("Authorization", "Bearer " + gateway.Sidecar.Token());
        foreach (var name in (string[])["X-User-Id", "x_user_id", "X-User-Roles", "X-Session-Id", "X-Auth-Provider", "X-Client-Address", "X-Forwarded-For", "dapr-app-id", "dapr-api-token", "dapr-caller-app-id"])
        {
            request.Headers.TryAddWithoutValidation(name, "forged");
        }

        request.Headers.Add("Cookie", "s_refresh=secret");
        request.Headers.Add("X-Hop", "1");
        request.Headers.Add("Connection", "X-Hop");

        var headers = (await (await gateway.Client.SendAsync(request)).JsonAsync()).GetProperty("headers");

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
            "none" => string.Join('.', gateway.Sidecar.Token((h, _) => h["alg"] = "none").Split('.')[..2]) + ".",
            "another algorithm over a right signature" => gateway.Sidecar.Token((h, _) => h["alg"] = "none"),
            "HS256 with the public key" => Hmac(),
            "other key" => gateway.Sidecar.Token(key: other),
            "unknown kid" => gateway.Sidecar.Token((h, _) => h["kid"] = "../../x"),
            "kid of SQL" => gateway.Sidecar.Token((h, _) => h["kid"] = "x' union select 1 --", other),
            "kid of an address" => gateway.Sidecar.Token((h, _) => h["kid"] = $"http://127.0.0.1:{silent.Port}/key", other),
            "kid that is no text" => gateway.Sidecar.Token((h, _) => h["kid"] = new[] { SidecarStandIn.Kid }),
            "key in the token" => gateway.Sidecar.Token((h, _) => h["jwk"] = new { kty = "EC", crv = "P-256", kid = SidecarStandIn.Kid, x = Coordinate(other, q => q.X!), y = Coordinate(other, q => q.Y!) }, other),
            "addresses of keys" => gateway.Sidecar.Token((h, _) => h["jku"] = h["x5u"] = $"http://127.0.0.1:{silent.Port}/jwks", other),
            "claims twice" => Twice(),
            "no kid" => gateway.Sidecar.Token((h, _) => h.Remove("kid")),
            "crit" => gateway.Sidecar.Token((h, _) => h["crit"] = new[] { "b64" }),
            "refresh type" => gateway.Sidecar.Token((_, c) => c["type"] = "refresh"),
            "other issuer" => gateway.Sidecar.Token((_, c) => c["iss"] = "eco3"),
            "other audience" => gateway.Sidecar.Token((_, c) => c["aud"] = new[] { "eco2", "x" }),
            "expired" => gateway.Sidecar.Token(now: TimeProvider.System.GetUtcNow().AddMinutes(-16)),
            "not yet" => gateway.Sidecar.Token(now: TimeProvider.System.GetUtcNow().AddMinutes(5)),
            "no exp" => gateway.Sidecar.Token((_, c) => c.Remove("exp")),
            "exp as text" => gateway.Sidecar.Token((_, c) => c["exp"] = "99999999999"),
            "sub no uuid" => gateway.Sidecar.Token((_, c) => c["sub"] = "admin"),
            "oversized" => gateway.Sidecar.Token((_, c) => c["pad"] = new string('x', 8_000)),
            "tampered" => Tampered(),
            "empty" => "",
            "garbage" => "a.b.c",
            "der signature" => Der(),
            _ => gateway.Sidecar.Token(),
        };
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/users/me");
        request.Headers.TryAddWithoutValidation("Authorization", kind == "basic" ? "Basic " + token : "Bearer " + token);
        if (kind == "twice")
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }

        await (await gateway.Client.SendAsync(request)).IsProblemAsync(HttpStatusCode.Unauthorized, code, "gateway");
        Assert.False(silent.WasAsked);

        static string Coordinate(ECDsa key, Func<ECPoint, byte[]> one) => System.Buffers.Text.Base64Url.EncodeToString(one(key.ExportParameters(false).Q));

        string Twice()
        {
            // Signed with the right key: only the second subject is wrong.
            var parts = gateway.Sidecar.Token().Split('.');
            var claims = Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1]));
            var signed = $"{parts[0]}.{System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims[..^1] + ",\"sub\":\"01980000-0000-7000-8000-000000000009\"}"))}";
            return $"{signed}.{System.Buffers.Text.Base64Url.EncodeToString(gateway.Sidecar.Key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
        }

        string Hmac()
        {
            var signed = gateway.Sidecar.Token((h, _) => h["alg"] = "HS256");
            signed = signed[..signed.LastIndexOf('.')];
            return $"{signed}.{System.Buffers.Text.Base64Url.EncodeToString(HMACSHA256.HashData(gateway.Sidecar.Key.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(signed)))}";
        }

        string Tampered()
        {
            var parts = gateway.Sidecar.Token().Split('.');
            return $"{parts[0]}.{gateway.Sidecar.Token((_, c) => c["roles"] = new[] { "owner" }).Split('.')[1]}.{parts[2]}";
        }

        string Der()
        {
            var signed = gateway.Sidecar.Token();
            signed = signed[..signed.LastIndexOf('.')];
            return $"{signed}.{System.Buffers.Text.Base64Url.EncodeToString(gateway.Sidecar.Key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))}";
        }
    }

    [Fact]
    public async Task An_ended_session_is_refused_whether_told_by_topic_or_asked_for()
    {
        var told = gateway.Sidecar.Token((_, c) => c["sid"] = "01980000-0000-7000-8000-0000000000aa");
        var asked = gateway.Sidecar.Token((_, c) => c["sid"] = "01980000-0000-7000-8000-0000000000bb");
        Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/api/v1/users/me", told)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/api/v1/users/me", asked)).StatusCode);
        string Session(string end) => $$"""{"session_id":"01980000-0000-7000-8000-0000000000{{end}}","user_id":"01980000-0000-7000-8000-000000000001","revoked_at":"2026-01-01T00:00:00Z","forget_after":"2999-01-01T00:00:00Z"}""";

        var cloudEvent = new StringContent("{\"specversion\":\"1.0\",\"id\":\"1\",\"data\":" + Session("aa") + "}", Encoding.UTF8, "application/cloudevents+json");
        var stranger = await gateway.Client.PostAsync("/events/session-revoked", Answers.Json("{}"));
        Assert.Equal(HttpStatusCode.OK, (await gateway.Host.Client.PostAsync("/events/session-revoked", cloudEvent)).StatusCode);
        gateway.Sidecar.Revoked = $"[{Session("bb")}]";

        await stranger.IsProblemAsync(HttpStatusCode.Unauthorized, "UNAUTHORIZED", "gateway");
        await (await gateway.GetAsync("/api/v1/users/me", told)).IsProblemAsync(HttpStatusCode.Unauthorized, "TOKEN_REVOKED", "gateway");
        await Eventually.TrueAsync(async () => (await gateway.GetAsync("/api/v1/users/me", asked)).StatusCode == HttpStatusCode.Unauthorized, "the gateway asked auth");
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
        request.Headers.Add("Cookie", "s_access=" + gateway.Sidecar.Token());
        if (header is not null)
        {
            request.Headers.Add(header, value == "own" ? gateway.Host.Address.GetLeftPart(UriPartial.Authority) : value);
        }

        Assert.Equal(status, (await gateway.Client.SendAsync(request)).StatusCode);
    }
}
