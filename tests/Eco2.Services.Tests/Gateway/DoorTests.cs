using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Eco2.Services.Tests.Auth;
using Eco2.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Eco2.Services.Tests.Gateway;

/// <summary>auth's answer to a mesh is the gateway's to a client, whatever is asked.</summary>
public sealed class DoorTests : IAsyncLifetime
{
    private const string Key = "eco2_01980000000070008000000000000abc_0123456789012345678901234567890123456789abc";
    private SidecarStandIn apps = null!;
    private ServiceHost gateway = null!;
    private ServiceHost auth = null!;
    private Npgsql.NpgsqlDataSource db = null!;

    public async Task InitializeAsync()
    {
        apps = await SidecarStandIn.StartAsync();
        apps.Handle = async (app, path, http) =>
        {
            if ((app, path) == ("auth", "/internal/keys/check"))
            {
                var asked = await http.Request.ReadFromJsonAsync<JsonElement>();
                http.Response.StatusCode = asked.GetProperty("key").GetString() == Key ? 200 : 404;
                await http.Response.WriteAsJsonAsync(new
                {
                    key_id = "01980000-0000-7000-8000-000000000abc", user_id = "01980000-0000-7000-8000-000000000001", roles = new[] { "user" }, scopes = new[] { "scan:read", "profile:read" },
                });
            }
        };
        string[] options = [$"DAPR_HTTP_PORT={apps.Port}", "Edge:LimitFactor=1000", "Edge:SyncInterval=00:00:00.1"];
        gateway = await ServiceHost.StartAsync(Eco2.Gateway.Program.Build, null, null, options);
        (auth, db) = await AuthApp.StartAsync(null, options);
        using var client = gateway.NewClient(token: false);
        await Eventually.TrueAsync(async () => (await SendAsync(client, "GET", "/api/v1/users/me", "Authorization: Bearer " + apps.Token())).StatusCode == HttpStatusCode.OK, "the gateway knows its keys");
        await Eventually.TrueAsync(async () => (await SendAsync(auth.Client, "GET", "/ext-authz/api/v1/users/me", "Authorization: Bearer " + apps.Token())).StatusCode == HttpStatusCode.OK, "auth knows its keys");
    }

    public async Task DisposeAsync()
    {
        await gateway.DisposeAsync();
        await auth.DisposeAsync();
        await db.DisposeAsync();
        await apps.DisposeAsync();
    }

    [Theory]
    [InlineData("GET", "/api/v1/users/me", "", 401, "UNAUTHORIZED")]
    [InlineData("GET", "/api/v1/users/me?x=%20y", "user", 200, null)]
    [InlineData("GET", "/api/v1/users/me", "cookie", 200, null)]
    [InlineData("DELETE", "/api/v1/users/me", "cookie", 403, "CROSS_SITE_REQUEST")]
    [InlineData("DELETE", "/api/v1/users/me", "cookie ours", 200, null)]
    [InlineData("DELETE", "/api/v1/users/me", "cookie theirs", 403, "CROSS_SITE_REQUEST")]
    [InlineData("POST", "/api/v1/auth/sign-in", "", 200, null)]
    [InlineData("POST", "/api/v1/auth/refresh", "expired", 200, null)]
    [InlineData("GET", "/api/v1/auth/sessions", "", 401, "UNAUTHORIZED")]
    [InlineData("GET", "/api/v1/auth/sessions", "expired", 401, "TOKEN_EXPIRED")]
    [InlineData("GET", "/api/v1/users/me", "expired", 401, "TOKEN_EXPIRED")]
    [InlineData("GET", "/api/v1/users/me", "garbage", 401, "INVALID_TOKEN")]
    [InlineData("GET", "/api/v1/users/me", "two", 401, "INVALID_TOKEN")]
    [InlineData("GET", "/api/v1/users/deletions/01980000-0000-7000-8000-000000000001", "", 200, null)]
    [InlineData("GET", "/api/v1/audit", "user", 403, "FORBIDDEN")]
    [InlineData("GET", "/api/v1/audit", "admin", 200, null)]
    [InlineData("GET", "/api/v1/audit", "half an admin", 403, "SECOND_FACTOR_REQUIRED")]
    [InlineData("POST", "/api/v1/audit", "admin", 405, "METHOD_NOT_ALLOWED")]
    [InlineData("POST", "/api/v1/auth/signing-keys", "user", 403, "FORBIDDEN")]
    [InlineData("GET", "/internal/sessions/revoked", "admin", 404, "NOT_FOUND")]
    [InlineData("GET", "/ext-authz/api/v1/users/me", "admin", 404, "NOT_FOUND")]
    [InlineData("GET", "/api/v1/auth/%2e%2e/internal", "admin", 400, "INVALID_PATH")]
    [InlineData("GET", "/api/v1/users/me", "key", 200, null)]
    [InlineData("GET", "/api/v1/users/me", "key header", 200, null)]
    [InlineData("GET", "/api/v1/scan/01980000-0000-7000-8000-000000000001/events", "key", 200, null)]
    [InlineData("DELETE", "/api/v1/jobs/01980000-0000-7000-8000-000000000001", "key", 403, "SCOPE_MISSING")]
    [InlineData("DELETE", "/api/v1/users/me", "key", 403, "SCOPE_MISSING")]
    [InlineData("POST", "/api/v1/auth/keys", "key", 403, "SCOPE_MISSING")]
    [InlineData("GET", "/api/v1/AUTH/Sessions/", "key", 403, "SCOPE_MISSING")]
    [InlineData("GET", "/api/v1/audit", "key", 403, "SCOPE_MISSING")]
    [InlineData("GET", "/api/v1/users/me", "other key", 401, "INVALID_API_KEY")]
    [InlineData("GET", "/api/v1/users/me", "no key", 401, "INVALID_API_KEY")]
    [InlineData("GET", "/api/v1/users/me", "key and token", 401, "INVALID_TOKEN")]
    public async Task The_same_is_decided_at_both_doors(string method, string path, string who, int status, string? code)
    {
        string[] headers = who switch
        {
            "" => [],
            "cookie" => ["Cookie: s_access=" + apps.Token()],
            "cookie ours" => ["Cookie: s_access=" + apps.Token(), "X-Requested-With: eco2"],
            "cookie theirs" => ["Cookie: s_access=" + apps.Token(), "X-Requested-With: eco2", "Origin: https://evil.example"],
            "expired" => ["Authorization: Bearer " + apps.Token(now: TimeProvider.System.GetUtcNow().AddHours(-1))],
            "garbage" => ["Authorization: Bearer a.b.c"],
            "two" => ["Authorization: Bearer " + apps.Token(), "Authorization: Bearer " + apps.Token()],
            "admin" => ["Authorization: Bearer " + apps.Token((_, claims) => claims["roles"] = new[] { "user", "admin" })],
            "half an admin" => ["Authorization: Bearer " + apps.Token((_, claims) => claims["roles"] = new[] { "user", "admin:second-factor" })],
            "key" => ["Authorization: Bearer " + Key],
            "key header" => ["X-API-Key: " + Key],
            "other key" => ["X-API-Key: " + Key[..^1] + "d"],
            "no key" => ["X-API-Key: eco2_'; drop table api_keys; --"],
            "key and token" => ["X-API-Key: " + Key, "Authorization: Bearer " + apps.Token()],
            _ => ["Authorization: Bearer " + apps.Token()],
        };
        using var client = gateway.NewClient(token: false);

        using var atGateway = await SendAsync(client, method, path, headers);
        using var atAuth = await SendAsync(auth.Client, method, "/ext-authz" + path, headers);

        Assert.Equal((status, status), ((int)atGateway.StatusCode, (int)atAuth.StatusCode));
        if (code is not null)
        {
            await atGateway.IsProblemAsync((HttpStatusCode)status, code, "gateway");
            await atAuth.IsProblemAsync((HttpStatusCode)status, code, "gateway");
        }
    }

    [Fact]
    public async Task A_mesh_is_told_what_to_set_and_what_to_remove()
    {
        using var person = await SendAsync(auth.Client, "GET", "/ext-authz/api/v1/users/me", "Authorization: Bearer " + apps.Token(), "X-User-Id: forged", "X-User-Roles: owner");
        using var program = await SendAsync(auth.Client, "GET", "/ext-authz/api/v1/users/me", "X-API-Key: " + Key, "X-Session-Id: forged");
        using var nobody = await SendAsync(auth.Client, "POST", "/ext-authz/api/v1/auth/sign-in", "X-User-Id: 01980000-0000-7000-8000-000000000001", "X-User-Roles: owner");

        Assert.Equal(
            ("01980000-0000-7000-8000-000000000001", "01980000-0000-7000-8000-000000000002", "password", "user", null),
            (Of(person, "X-User-Id"), Of(person, "X-Session-Id"), Of(person, "X-Auth-Provider"), Of(person, "X-User-Roles"), Of(person, "X-User-Scopes")));
        Assert.Equal(
            ("01980000-0000-7000-8000-000000000001", null, "api_key", "user", "scan:read profile:read"),
            (Of(program, "X-User-Id"), Of(program, "X-Session-Id"), Of(program, "X-Auth-Provider"), Of(program, "X-User-Roles"), Of(program, "X-User-Scopes")));
        Assert.Equal((null, null), (Of(nobody, "X-User-Id"), Of(nobody, "X-User-Roles")));
        Assert.Equal(["Authorization", "Cookie", "X-API-Key", "X-User-Scopes"], Removed(person));
        Assert.Equal(["Authorization", "Cookie", "X-API-Key", "X-Session-Id"], Removed(program));
        // auth itself needs the cookies.
        Assert.Equal(["X-API-Key", "X-Auth-Provider", "X-Session-Id", "X-User-Id", "X-User-Roles", "X-User-Scopes"], Removed(nobody));
        Assert.NotNull(Of(person, "RateLimit-Remaining"));
    }

    [Fact]
    public async Task Nobody_but_the_mesh_may_ask_auth()
    {
        using var stranger = auth.NewClient(token: false);

        using var answer = await SendAsync(stranger, "GET", "/ext-authz/api/v1/users/me", "Authorization: Bearer " + apps.Token());

        await answer.IsProblemAsync(HttpStatusCode.Unauthorized, "UNAUTHORIZED", "auth");
    }

    private static string[] Removed(HttpResponseMessage answer) =>
        [.. Of(answer, "x-envoy-auth-headers-to-remove")!.Split(',').Where(name => !name.StartsWith("dapr-", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static string? Of(HttpResponseMessage answer, string header) => answer.Headers.TryGetValues(header, out var values) ? values.Single() : null;

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string method, string path, params string[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), new Uri(client.BaseAddress!.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        foreach (var header in headers.Select(header => header.Split(": ", 2)))
        {
            request.Headers.TryAddWithoutValidation(header[0], header[1]);
        }

        return client.SendAsync(request);
    }
}
