using System.Net;
using System.Net.Http.Json;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests;

/// <summary>auth, character, my and the gateway together, over a sidecar and its topics.</summary>
[Trait("on", "each-target")]
public sealed class AccountLineTests : IAsyncLifetime
{
    private readonly List<ServiceHost> hosts = [];
    private TestSidecar sidecar = null!;
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        sidecar = await TestSidecar.StartAsync("auth", "character", "my", "gateway");
        await StartAsync("auth", Eco2.Auth.Program.Build, "Auth:PasswordIterations=1000");
        await StartAsync("character", Eco2.Character.Program.Build);
        await StartAsync("my", Eco2.My.Program.Build);
        client = (await StartAsync("gateway", Eco2.Gateway.Program.Build, "Edge:SyncInterval=00:05:00")).NewClient(token: false);
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        foreach (var host in Enumerable.Reverse(hosts))
        {
            await host.DisposeAsync();
        }

        await sidecar.DisposeAsync();
    }

    [Fact]
    public async Task Who_signs_up_gets_a_profile_and_the_mascot_and_signing_out_closes_the_door()
    {
        HttpResponseMessage signedUp = null!;
        await Eventually.TrueAsync(
            async () => (signedUp = await client.PostAsJsonAsync("/api/v1/auth/sign-up", new { email = "a@example.com", password = "correct horse", nickname = "에코" })).StatusCode == HttpStatusCode.Created,
            "the edge reaches auth");
        var token = (await signedUp.JsonAsync()).GetProperty("access_token").GetString()!;
        client.DefaultRequestHeaders.Add("Authorization", "Bearer " + token);

        await Eventually.TrueAsync(async () => (await GetAsync("/api/v1/users/me")).StatusCode == HttpStatusCode.OK, "the profile arrived");
        await Eventually.TrueAsync(async () => (await (await GetAsync("/api/v1/users/me/characters")).JsonAsync()).GetArrayLength() == 1, "the mascot arrived");
        await Eventually.TrueAsync(async () => (await (await GetAsync("/api/v1/users/me")).JsonAsync()).TryGetProperty("nickname", out _), "auth was asked for the nickname");
        var me = await (await GetAsync("/api/v1/users/me")).JsonAsync();
        var mascot = (await (await GetAsync("/api/v1/users/me/characters")).JsonAsync())[0];
        var signedOut = await client.PostAsync("/api/v1/auth/logout", null);

        Assert.Equal("에코", me.GetProperty("display_name").GetString());
        Assert.Equal("char-eco", mascot.GetProperty("code").GetString());
        Assert.Equal(HttpStatusCode.OK, signedOut.StatusCode);
        // The gateway asks auth every five minutes here: it can only know by the topic.
        await Eventually.TrueAsync(async () => (await GetAsync("/api/v1/users/me")).StatusCode == HttpStatusCode.Unauthorized, "the session is refused");
        await (await GetAsync("/api/v1/users/me")).IsProblemAsync(HttpStatusCode.Unauthorized, "TOKEN_REVOKED", "gateway");
    }

    [Fact]
    public async Task A_picture_of_a_character_comes_whole_to_whoever_asks_and_not_twice()
    {
        HttpResponseMessage picture = null!;
        await Eventually.TrueAsync(async () => (picture = await GetAsync("/assets/character/pet.png")).StatusCode == HttpStatusCode.OK, "the edge reaches character");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/assets/character/pet.png");
        request.Headers.Add("If-None-Match", picture.Headers.ETag!.ToString());

        Assert.Equal(await File.ReadAllBytesAsync(TestSidecar.Repository("services/character/Pictures/pet.png")), await picture.Content.ReadAsByteArrayAsync());
        Assert.Equal("image/png", picture.Content.Headers.ContentType?.ToString());
        Assert.Equal("public, max-age=86400", picture.Headers.CacheControl?.ToString());
        Assert.Equal(HttpStatusCode.NotModified, (await client.SendAsync(request)).StatusCode);
        await (await GetAsync("/assets/character/nobody.png")).IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND", "character");
    }

    [Fact]
    public async Task What_was_committed_while_the_sidecar_was_away_is_published_when_it_is_back()
    {
        // auth runs beside a port where nobody listens, then a second replica of it beside the sidecar.
        var postgres = await PostgresCluster.CreateDatabaseAsync();
        await using (var alone = await ServiceHost.StartAsync(Eco2.Auth.Program.Build, postgres, null, "Auth:PasswordIterations=1000"))
        {
            Assert.Equal(HttpStatusCode.Created, (await alone.Client.PostAsJsonAsync("/api/v1/auth/sign-up", new { email = "late@example.com", password = "correct horse" })).StatusCode);
        }

        await using var db = Npgsql.NpgsqlDataSource.Create(postgres);
        await using var waiting = db.CreateCommand("select count(*) from auth.outbox");
        Assert.Equal(1L, await waiting.ExecuteScalarAsync());

        await using var replica = await ServiceHost.StartAsync(Eco2.Auth.Program.Build, postgres, null, ["Auth:PasswordIterations=1000", .. sidecar.OptionsOf("auth")]);

        await Eventually.TrueAsync(async () => await waiting.ExecuteScalarAsync() is 0L, "the outbox is empty");
    }

    private Task<HttpResponseMessage> GetAsync(string path) => client.GetAsync(new Uri(path, UriKind.Relative));

    private async Task<ServiceHost> StartAsync(
        string app, Func<string[], Action<Microsoft.AspNetCore.Builder.WebApplicationBuilder>?, Microsoft.AspNetCore.Builder.WebApplication> build, params string[] options)
    {
        var postgres = app == "gateway" ? null : await PostgresCluster.CreateDatabaseAsync();
        var host = await ServiceHost.StartAsync(build, postgres, null, [.. options, .. sidecar.OptionsOf(app)]);
        hosts.Add(host);
        await sidecar.AttachAsync(app, host.Address);
        return host;
    }
}
