using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Eco2.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Eco2.Services.Tests.Gateway;

/// <summary>What auth is asked about: API keys, and people of other issuers. The issuer is a server of its own.</summary>
public sealed class KeyAndIssuerTests : IAsyncLifetime
{
    private const string Key = "eco2_01980000000070008000000000000abc_0123456789012345678901234567890123456789abc";
    private readonly RSA rsa = RSA.Create(2048);
    private WebApplication issuer = null!;
    private string address = null!;
    private SidecarStandIn apps = null!;
    private ServiceHost gateway = null!;
    private HttpClient client = null!;
    private int keyChecks;
    private int discoveries;
    private bool isRevoked;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        issuer = builder.Build();
        issuer.MapGet("/pool/.well-known/openid-configuration", () =>
        {
            Interlocked.Increment(ref discoveries);
            return Results.Json(new { issuer = address, jwks_uri = new Uri(new Uri(address), "/keys") });
        });
        issuer.MapGet("/liar/.well-known/openid-configuration", () => Results.Json(new { issuer = address, jwks_uri = new Uri(new Uri(address), "/keys") }));
        issuer.MapGet("/keys", () =>
        {
            var key = rsa.ExportParameters(false);
            return Results.Json(new { keys = new object[] { new { kid = "one", kty = "RSA", use = "sig", alg = "RS256", n = Base64Url.EncodeToString(key.Modulus), e = Base64Url.EncodeToString(key.Exponent) } } });
        });
        await issuer.StartAsync();
        address = issuer.Urls.First() + "/pool";
        apps = await SidecarStandIn.StartAsync();
        apps.Handle = AnswerAsync;
        gateway = await ServiceHost.StartAsync(
            Eco2.Gateway.Program.Build,
            null,
            null,
            $"DAPR_HTTP_PORT={apps.Port}",
            "Edge:LimitFactor=1000",
            "Edge:SyncInterval=00:00:00.1",
            $"Edge:Issuers:0:Issuer={address}",
            "Edge:Issuers:0:Audience=our-app",
            $"Edge:Issuers:1:Issuer={issuer.Urls.First()}/liar",
            "Edge:Issuers:1:Audience=our-app");
        client = gateway.NewClient(token: false);
        await Eventually.TrueAsync(async () => (await GetAsync("/api/v1/users/me", apps.Token())).StatusCode == HttpStatusCode.OK, "the gateway knows its keys");
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await gateway.DisposeAsync();
        await apps.DisposeAsync();
        await issuer.DisposeAsync();
        rsa.Dispose();
    }

    [Fact]
    public async Task A_key_opens_what_its_scopes_say_and_no_app_sees_it()
    {
        var headers = (await (await GetAsync("/api/v1/users/me", Key)).JsonAsync()).GetProperty("headers");

        Assert.Equal("scan:read profile:read", headers.GetProperty("x-user-scopes").GetString());
        Assert.Equal("01980000-0000-7000-8000-000000000001", headers.GetProperty("x-user-id").GetString());
        Assert.DoesNotContain(headers.EnumerateObject(), header => header.Value.GetString()!.Contains("eco2_", StringComparison.Ordinal) || header.Name == "x-session-id");
    }

    [Fact]
    public async Task Auth_is_asked_once_for_many_and_a_revoked_key_is_dead_within_five_seconds()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => GetAsync("/api/v1/users/me", Key)));
        Assert.Equal(1, keyChecks);

        isRevoked = true;
        var since = TimeProvider.System.GetTimestamp();
        await Eventually.TrueAsync(async () => (await GetAsync("/api/v1/users/me", Key)).StatusCode == HttpStatusCode.Unauthorized, "the key is dead");

        Assert.InRange(TimeProvider.System.GetElapsedTime(since).TotalSeconds, 0, 5.5);
        await (await GetAsync("/api/v1/users/me", Key)).IsProblemAsync(HttpStatusCode.Unauthorized, "INVALID_API_KEY", "gateway");
    }

    [Fact]
    public async Task A_key_that_is_told_to_have_ended_is_dead_at_once()
    {
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/api/v1/users/me", Key)).StatusCode);
        const string Ended = """{"specversion":"1.0","id":"1","data":{"session_id":"01980000-0000-7000-8000-000000000abc","user_id":"01980000-0000-7000-8000-000000000001","revoked_at":"2026-01-01T00:00:00Z","forget_after":"2999-01-01T00:00:00Z"}}""";

        (await gateway.Client.PostAsync("/events/session-revoked", new StringContent(Ended, Encoding.UTF8, "application/cloudevents+json"))).EnsureSuccessStatusCode();

        await (await GetAsync("/api/v1/users/me", Key)).IsProblemAsync(HttpStatusCode.Unauthorized, "INVALID_API_KEY", "gateway");
    }

    [Theory]
    [InlineData("access token", 200, null)]
    [InlineData("client id", 200, null)]
    [InlineData("other audience", 401, "INVALID_TOKEN")]
    [InlineData("other client", 401, "INVALID_TOKEN")]
    [InlineData("id token", 401, "INVALID_TOKEN")]
    [InlineData("expired", 401, "TOKEN_EXPIRED")]
    [InlineData("not yet", 401, "INVALID_TOKEN")]
    [InlineData("no exp", 401, "INVALID_TOKEN")]
    [InlineData("other key", 401, "INVALID_TOKEN")]
    [InlineData("none", 401, "INVALID_TOKEN")]
    [InlineData("HS256 with the public key", 401, "INVALID_TOKEN")]
    [InlineData("ES256 in the header", 401, "INVALID_TOKEN")]
    [InlineData("our key id", 401, "INVALID_TOKEN")]
    [InlineData("issuer nobody trusts", 401, "INVALID_TOKEN")]
    [InlineData("issuer with a slash", 401, "INVALID_TOKEN")]
    [InlineData("issuer that says it is another", 503, "OVERLOADED")]
    [InlineData("our claims", 401, "INVALID_TOKEN")]
    [InlineData("unknown to auth", 401, "INVALID_TOKEN")]
    public async Task Whom_an_issuer_names_is_let_in_and_nobody_else(string kind, int status, string? code)
    {
        using var other = RSA.Create(2048);
        var token = kind switch
        {
            "client id" => Token(claims => { claims.Remove("aud"); claims["client_id"] = "our-app"; claims["token_use"] = "access"; }),
            "other audience" => Token(claims => claims["aud"] = "their-app"),
            "other client" => Token(claims => { claims.Remove("aud"); claims["client_id"] = "their-app"; }),
            "id token" => Token(claims => claims["token_use"] = "id"),
            "expired" => Token(claims => claims["exp"] = TimeProvider.System.GetUtcNow().AddMinutes(-1).ToUnixTimeSeconds()),
            "not yet" => Token(claims => claims["nbf"] = TimeProvider.System.GetUtcNow().AddMinutes(1).ToUnixTimeSeconds()),
            "no exp" => Token(claims => claims.Remove("exp")),
            "other key" => Token(key: other),
            "none" => Token(header: header => header["alg"] = "none"),
            "HS256 with the public key" => Hmac(),
            "ES256 in the header" => Token(header: header => header["alg"] = "ES256"),
            "our key id" => Token(header: header => header["kid"] = SidecarStandIn.Kid),
            "issuer nobody trusts" => Token(claims => claims["iss"] = "https://evil.example"),
            "issuer with a slash" => Token(claims => claims["iss"] = address + "/"),
            "issuer that says it is another" => Token(claims => claims["iss"] = issuer.Urls.First() + "/liar"),
            // Signed by them, with all that a token of ours has.
            "our claims" => Token(claims => { claims["iss"] = "eco2"; claims["aud"] = "eco2-api"; claims["type"] = "access"; claims["sid"] = claims["sub"] = "01980000-0000-7000-8000-000000000001"; }),
            "unknown to auth" => Token(claims => claims["sub"] = "gone"),
            _ => Token(),
        };

        var answer = await GetAsync("/api/v1/users/me", token);

        Assert.Equal(status, (int)answer.StatusCode);
        if (code is not null)
        {
            await answer.IsProblemAsync((HttpStatusCode)status, code, "gateway");
            return;
        }

        var headers = (await answer.JsonAsync()).GetProperty("headers");
        // The account and what it may come from auth, whatever the token says.
        Assert.Equal(("01980000-0000-7000-8000-0000000000cc", "user", "oidc"), (headers.GetProperty("x-user-id").GetString(), headers.GetProperty("x-user-roles").GetString(), headers.GetProperty("x-auth-provider").GetString()));
    }

    [Fact]
    public async Task Keys_of_an_issuer_are_kept_and_forged_key_ids_do_not_make_it_busy()
    {
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/api/v1/users/me", Token())).StatusCode);
        await Task.WhenAll(Enumerable.Range(0, 30).Select(n => GetAsync("/api/v1/users/me", Token(header: header => header["kid"] = $"x{n}"))));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/api/v1/users/me", Token())).StatusCode);

        Assert.Equal(1, discoveries);
    }

    [Fact]
    public async Task A_cookie_is_never_a_stranger()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/users/me");
        request.Headers.Add("Cookie", "s_access=" + Token());

        await (await client.SendAsync(request)).IsProblemAsync(HttpStatusCode.Unauthorized, "INVALID_TOKEN", "gateway");
    }

    private async Task AnswerAsync(string app, string path, HttpContext http)
    {
        switch (path)
        {
            case "/internal/keys/check":
                Interlocked.Increment(ref keyChecks);
                var key = (await http.Request.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString();
                http.Response.StatusCode = key == Key && !isRevoked ? 200 : 404;
                await http.Response.WriteAsJsonAsync(new
                {
                    key_id = "01980000-0000-7000-8000-000000000abc", user_id = "01980000-0000-7000-8000-000000000001", roles = new[] { "user" }, scopes = new[] { "scan:read", "profile:read" },
                });
                return;
            case "/internal/issuers/subject":
                var asked = await http.Request.ReadFromJsonAsync<JsonElement>();
                http.Response.StatusCode = asked.GetProperty("subject").GetString() == "somebody" && asked.GetProperty("issuer").GetString() == address ? 200 : 404;
                await http.Response.WriteAsJsonAsync(new { user_id = "01980000-0000-7000-8000-0000000000cc", roles = new[] { "user" } });
                return;
            default:
                await SidecarStandIn.EchoAsync(app, path, http);
                return;
        }
    }

    private string Token(Action<Dictionary<string, object>>? claims = null, Action<Dictionary<string, object>>? header = null, RSA? key = null)
    {
        var signed = Unsigned(claims, header);
        return $"{signed}.{Base64Url.EncodeToString((key ?? rsa).SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private string Hmac()
    {
        var signed = Unsigned(null, header => header["alg"] = "HS256");
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(rsa.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(signed)))}";
    }

    private string Unsigned(Action<Dictionary<string, object>>? change, Action<Dictionary<string, object>>? header)
    {
        var head = new Dictionary<string, object> { ["alg"] = "RS256", ["kid"] = "one" };
        var claims = new Dictionary<string, object>
        {
            ["iss"] = address, ["aud"] = "our-app", ["sub"] = "somebody", ["roles"] = new[] { "owner" }, ["exp"] = TimeProvider.System.GetUtcNow().AddMinutes(5).ToUnixTimeSeconds(),
        };
        header?.Invoke(head);
        change?.Invoke(claims);
        return $"{SidecarStandIn.Encode(head)}.{SidecarStandIn.Encode(claims)}";
    }

    private Task<HttpResponseMessage> GetAsync(string path, string bearer)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Authorization", "Bearer " + bearer);
        return client.SendAsync(request);
    }
}
