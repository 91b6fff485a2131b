using System.Net;
using Xunit;

namespace Eco2.Services.Tests.Gateway;

/// <summary>Which path leads to which app, and for whom it is open.</summary>
public sealed class RouteTests : IAsyncLifetime
{
    private OneGateway gateway = null!;

    public async Task InitializeAsync() => gateway = await OneGateway.StartAsync();

    public async Task DisposeAsync() => await gateway.DisposeAsync();

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
        var seen = await (await gateway.GetAsync(path, gateway.Sidecar.Token())).JsonAsync();

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
    [InlineData("/api/v1/scan/%ff%fe", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/scan/%c0%ae", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/scan/%ED%A0%80", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/auth/a;b", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/auth/%00", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/auth/%252e", HttpStatusCode.BadRequest)]
    public async Task Nothing_internal_can_be_reached_however_it_is_spelled(string path, HttpStatusCode status)
    {
        gateway.Sidecar.Asked.Clear();

        // A raw request: HttpClient would tidy the path up.
        var answer = await gateway.RawAsync($"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {gateway.Sidecar.Token()}\r\n\r\n");

        Assert.StartsWith($"HTTP/1.1 {(int)status}", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(gateway.Sidecar.Asked, a => a != "auth /internal/sessions/revoked" && a != "auth /.well-known/jwks.json");
    }

    [Theory]
    [InlineData("/api/v1/audit?limit=1", "auth")]
    [InlineData("/api/v1/dead-letters", "my")]
    [InlineData("/api/v1/dead-letters/01980000-0000-7000-8000-000000000001/replay?x", "my")]
    public async Task What_is_for_admins_opens_for_that_role_only(string path, string app)
    {
        var user = await gateway.GetAsync(path, gateway.Sidecar.Token());
        var almost = await gateway.GetAsync(path, gateway.Sidecar.Token((_, claims) => claims["roles"] = (string[])["user", "admin2", "Admin"]));
        var nobody = await gateway.Client.GetAsync(new Uri(path, UriKind.Relative));
        var admin = await (await gateway.GetAsync(path, gateway.Sidecar.Token((_, claims) => claims["roles"] = (string[])["user", "admin"]))).JsonAsync();

        await user.IsProblemAsync(HttpStatusCode.Forbidden, "FORBIDDEN", "gateway");
        await almost.IsProblemAsync(HttpStatusCode.Forbidden, "FORBIDDEN", "gateway");
        await nobody.IsProblemAsync(HttpStatusCode.Unauthorized, "UNAUTHORIZED", "gateway");
        Assert.Equal((app, path), (admin.GetProperty("app").GetString(), admin.GetProperty("path").GetString()));
    }

    [Fact]
    public async Task No_token_is_401_and_auth_is_open()
    {
        await (await gateway.GetAsync("/api/v1/users/me", null)).IsProblemAsync(HttpStatusCode.Unauthorized, "UNAUTHORIZED", "gateway");
        Assert.Equal(HttpStatusCode.OK, (await gateway.Client.PostAsync("/api/v1/auth/sign-in", Answers.Json("{}"))).StatusCode);
    }

    [Fact]
    public async Task A_picture_of_a_character_needs_no_token_but_the_catalogue_does()
    {
        gateway.Sidecar.Handle = async (_, _, http) =>
        {
            http.Response.ContentType = "image/png";
            http.Response.Headers.CacheControl = "public, max-age=86400";
            http.Response.Headers.ETag = "\"tag\"";
            http.Response.Headers.XContentTypeOptions = "nosniff";
            await http.Response.Body.WriteAsync(new byte[] { 1, 2, 3 });
        };

        var picture = await gateway.GetAsync("/assets/character/eco.png", null);

        Assert.Equal(HttpStatusCode.OK, picture.StatusCode);
        Assert.Equal([1, 2, 3], await picture.Content.ReadAsByteArrayAsync());
        Assert.Equal("image/png", picture.Content.Headers.ContentType?.ToString());
        Assert.Equal("\"tag\"", picture.Headers.ETag?.Tag);
        Assert.True(picture.Headers.CacheControl?.Public);
        Assert.Equal(["nosniff"], picture.Headers.GetValues("X-Content-Type-Options"));
        await (await gateway.GetAsync("/api/v1/character/catalog", null)).IsProblemAsync(HttpStatusCode.Unauthorized, "UNAUTHORIZED", "gateway");
    }
}
