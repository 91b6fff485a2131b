using System.Net;
using System.Net.Http.Json;
using Eco2.Auth.Accounts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Auth;

public sealed class ApiKeyTests : AuthTest
{
    private string user = null!;
    private string other = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        user = await SignUpAsync("keys@example.com");
        other = await SignUpAsync("others@example.com");
    }

    [Fact]
    public async Task A_key_is_shown_once_opens_what_it_may_and_lies_there_as_a_hash()
    {
        var made = await CreateAsync(user, new { name = "카메라", scopes = new[] { "scan:read", "scan:write", "scan:read" } });
        var body = await made.JsonAsync();
        var key = body.GetProperty("key").GetString()!;

        var owner = await (await CheckAsync(key)).JsonAsync();
        var listed = await (await GetAsync(user, "keys")).Content.ReadAsStringAsync();
        await using var dump = db.CreateCommand("select string_agg(k::text, ' ') from api_keys k");

        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.True(made.Headers.CacheControl!.NoStore);
        Assert.Matches("^eco2_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$", key);
        Assert.StartsWith(body.GetProperty("prefix").GetString()!, key, StringComparison.Ordinal);
        Assert.Equal((user, body.GetProperty("id").GetString()), (owner.GetProperty("user_id").GetString(), owner.GetProperty("key_id").GetString()));
        Assert.Equal(["scan:read", "scan:write"], owner.GetProperty("scopes").EnumerateArray().Select(s => s.GetString()));
        Assert.Equal(["user"], owner.GetProperty("roles").EnumerateArray().Select(s => s.GetString()));
        Assert.DoesNotContain(key[^43..], listed, StringComparison.Ordinal);
        await using var all = await db.OpenConnectionAsync();
        Assert.DoesNotContain(key[^43..], (string)(await dump.ExecuteScalarAsync())!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_foreign_and_mangled_keys_open_nothing()
    {
        var key = (await (await CreateAsync(user, new { name = "a", scopes = new[] { "scan:read" } })).JsonAsync()).GetProperty("key").GetString()!;
        var second = (await (await CreateAsync(user, new { name = "b", scopes = new[] { "scan:read" } })).JsonAsync()).GetProperty("key").GetString()!;
        string?[] wrong =
        [
            null, "", "eco2_", key[..^1], key + "A", key.ToUpperInvariant(), key[..^43] + second[^43..], key[..^43] + new string('A', 43), "eco1" + key[4..],
            key[..5] + Guid.CreateVersion7().ToString("N") + key[37..], key.Replace('_', '-'), key[..37] + "é" + key[38..], new string('x', 20_000),
        ];

        foreach (var text in wrong)
        {
            await (await CheckAsync(text)).IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND", "auth");
        }

        Assert.Equal(HttpStatusCode.OK, (await CheckAsync(key)).StatusCode);
    }

    [Fact]
    public async Task A_key_ends_at_its_time_and_when_it_is_revoked_and_gateways_hear_of_that()
    {
        var brief = await (await CreateAsync(user, new { name = "brief", scopes = new[] { "scan:read" }, expires_at = clock.GetUtcNow().AddHours(1) })).JsonAsync();
        var lasting = await (await CreateAsync(user, new { name = "lasting", scopes = new[] { "scan:read" } })).JsonAsync();
        var id = lasting.GetProperty("id").GetString()!;

        clock.Advance(TimeSpan.FromMinutes(61));
        var expired = await CheckAsync(brief.GetProperty("key").GetString());
        var before = await CheckAsync(lasting.GetProperty("key").GetString());
        var revoked = await DeleteAsync(user, $"keys/{id}");
        var again = await DeleteAsync(user, $"keys/{id}");

        await expired.IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND");
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (revoked.StatusCode, again.StatusCode));
        await (await CheckAsync(lasting.GetProperty("key").GetString())).IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND");
        Assert.Equal(1, await db.ScalarAsync<long>($"select count(*) from outbox where topic = 'session.revoked' and component = 'broadcast' and key = '{id}'"));
        var told = await (await host.Client.GetAsync(new Uri("/internal/sessions/revoked", UriKind.Relative))).JsonAsync();
        Assert.Equal([id], told.EnumerateArray().Select(s => s.GetProperty("session_id").GetString()));
    }

    [Fact]
    public async Task Nobody_sees_or_revokes_the_keys_of_another_user()
    {
        var made = await (await CreateAsync(user, new { name = "mine", scopes = new[] { "scan:read" } })).JsonAsync();

        var foreign = await DeleteAsync(other, $"keys/{made.GetProperty("id").GetString()}");
        var missing = await DeleteAsync(other, $"keys/{Guid.CreateVersion7()}");
        var listed = await (await GetAsync(other, "keys")).JsonAsync();

        await foreign.IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND", "auth");
        await missing.IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND", "auth");
        Assert.Equal(0, listed.GetProperty("keys").GetArrayLength());
        Assert.Equal(HttpStatusCode.OK, (await CheckAsync(made.GetProperty("key").GetString())).StatusCode);
        // The app's own role sees no row of a user that it did not name.
        await using var runtime = NpgsqlDataSource.Create(db.ConnectionString + ";Options=-c role=eco2_auth -c search_path=auth");
        Assert.Equal(0, await runtime.ScalarAsync<long>("select count(*) from api_keys"));
    }

    [Fact]
    public async Task A_user_has_at_most_twenty_keys_however_fast_they_are_asked_for()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => CreateAsync(user, new { name = $"key {i}", scopes = new[] { "profile:read" } })));

        Assert.Equal(20, answers.Count(a => a.StatusCode == HttpStatusCode.Created));
        await (await CreateAsync(user, new { name = "one more", scopes = new[] { "profile:read" } })).IsProblemAsync(HttpStatusCode.Conflict, "TOO_MANY_KEYS", "auth");
        var first = await answers.First(a => a.StatusCode == HttpStatusCode.Created).JsonAsync();
        await DeleteAsync(user, $"keys/{first.GetProperty("id").GetString()}");
        Assert.Equal(HttpStatusCode.Created, (await CreateAsync(user, new { name = "instead", scopes = new[] { "profile:read" } })).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await CreateAsync(other, new { name = "another's", scopes = new[] { "profile:read" } })).StatusCode);
    }

    [Fact]
    public async Task The_last_use_is_written_once_a_minute_and_its_first_of_the_day_is_in_the_audit()
    {
        var made = await (await CreateAsync(user, new { name = "busy", scopes = new[] { "scan:read" } })).JsonAsync();
        var key = made.GetProperty("key").GetString();

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => CheckAsync(key)));
        var first = await LastUseAsync();
        clock.Advance(TimeSpan.FromSeconds(59));
        await CheckAsync(key);
        var soon = await LastUseAsync();
        clock.Advance(TimeSpan.FromSeconds(2));
        await CheckAsync(key);

        Assert.Equal(first, soon);
        Assert.Equal(TimeSpan.FromSeconds(61), await LastUseAsync() - first);
        Assert.Equal(1, await db.ScalarAsync<long>("select count(*) from audit where kind = 'key_used'"));
        Assert.Equal(1, await db.ScalarAsync<long>("select count(*) from audit where kind = 'key_made'"));
    }

    [Fact]
    public async Task Keys_that_ended_long_ago_are_swept_away_and_no_others()
    {
        var brief = await (await CreateAsync(user, new { name = "brief", scopes = new[] { "scan:read" }, expires_at = clock.GetUtcNow().AddHours(1) })).JsonAsync();
        var revoked = await (await CreateAsync(user, new { name = "revoked", scopes = new[] { "scan:read" } })).JsonAsync();
        var lasting = await (await CreateAsync(user, new { name = "lasting", scopes = new[] { "scan:read" } })).JsonAsync();
        await DeleteAsync(user, $"keys/{revoked.GetProperty("id").GetString()}");
        var sweep = host.Services.GetServices<IHostedService>().OfType<Sweep>().Single();

        await sweep.RunAsync(default);
        var early = await db.ScalarAsync<long>("select count(*) from api_keys");
        clock.Advance(TimeSpan.FromDays(31));
        await sweep.RunAsync(default);

        Assert.Equal(3, early);
        Assert.Equal("lasting", await db.ScalarAsync<string>("select string_agg(name, ' ') from api_keys"));
        Assert.Equal(HttpStatusCode.OK, (await CheckAsync(lasting.GetProperty("key").GetString())).StatusCode);
        await (await CheckAsync(brief.GetProperty("key").GetString())).IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND");
    }

    [Fact]
    public async Task What_a_key_cannot_be_is_told_per_member()
    {
        object[] bodies =
        [
            new { name = "", scopes = new[] { "scan:read" } }, new { name = new string('x', 61), scopes = new[] { "scan:read" } }, new { name = "a\nb", scopes = new[] { "scan:read" } },
            new { name = "x", scopes = Array.Empty<string>() }, new { name = "x" }, new { name = "x", scopes = new[] { "admin" } }, new { name = "x", scopes = new string?[] { null } },
            new { name = "x", scopes = new[] { "scan:read" }, expires_at = "2020-01-01T00:00:00Z" },
        ];

        foreach (var body in bodies)
        {
            await (await CreateAsync(user, body)).IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "auth");
        }
    }

    [Fact]
    public async Task A_key_manages_nothing()
    {
        foreach (var (method, path) in new[] { (HttpMethod.Post, "keys"), (HttpMethod.Get, "keys"), (HttpMethod.Delete, $"keys/{Guid.CreateVersion7()}"), (HttpMethod.Get, "sessions"), (HttpMethod.Delete, $"sessions/{Guid.CreateVersion7()}") })
        {
            var request = Request(method, user, path);
            request.Headers.Add("X-User-Scopes", "scan:read scan:write");
            request.Content = method == HttpMethod.Post ? JsonContent.Create(new { name = "x", scopes = new[] { "scan:read" } }) : null;

            await (await host.Client.SendAsync(request)).IsProblemAsync(HttpStatusCode.Forbidden, "SESSION_REQUIRED", "auth");
        }
    }

    private async Task<DateTimeOffset> LastUseAsync() =>
        (await (await GetAsync(user, "keys")).JsonAsync()).GetProperty("keys")[0].GetProperty("last_used_at").GetDateTimeOffset();

    private async Task<string> SignUpAsync(string email) =>
        (await (await host.PostAsync("sign-up", new { email, password = "correct horse battery" })).JsonAsync()).GetProperty("user_id").GetString()!;

    private Task<HttpResponseMessage> CheckAsync(string? key) => host.Client.PostAsJsonAsync("/internal/keys/check", new { key });

    private Task<HttpResponseMessage> CreateAsync(string who, object body)
    {
        var request = Request(HttpMethod.Post, who, "keys");
        request.Content = JsonContent.Create(body);
        return host.Client.SendAsync(request);
    }

    private Task<HttpResponseMessage> GetAsync(string who, string path) => host.Client.SendAsync(Request(HttpMethod.Get, who, path));

    private Task<HttpResponseMessage> DeleteAsync(string who, string path) => host.Client.SendAsync(Request(HttpMethod.Delete, who, path));

    private static HttpRequestMessage Request(HttpMethod method, string who, string path)
    {
        var request = new HttpRequestMessage(method, $"/api/v1/auth/{path}");
        request.Headers.Add("X-User-Id", who);
        return request;
    }
}
