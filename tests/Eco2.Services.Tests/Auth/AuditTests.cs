using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Auth;

public sealed class AuditTests : AuthTest
{
    [Fact]
    public async Task What_happens_to_an_account_is_told_with_who_and_where_but_without_its_address()
    {
        var user = await SignUpAsync("told@example.com");
        await host.PostAsync("sign-in", new { email = "told@example.com", password = "wrong wrong wrong" }, ("X-Client-Address", "192.0.2.7"), ("User-Agent", "Test/1"));
        await host.PostAsync("logout-all", new { }, ("X-User-Id", user));

        var entries = (await ListAsync($"?user_id={user}")).GetProperty("entries").EnumerateArray().ToList();

        Assert.Equal(["signed_out", "sign_in_refused", "signed_in"], entries.Select(e => e.GetProperty("kind").GetString()));
        Assert.All(entries, e => Assert.Equal(user, e.GetProperty("user_id").GetString()));
        Assert.Equal(("192.0.2.7", "Test/1"), (entries[1].GetProperty("address").GetString(), entries[1].GetProperty("user_agent").GetString()));
        Assert.Equal("signed out everywhere", entries[0].GetProperty("details").GetProperty("why").GetString());
        Assert.DoesNotContain("told@example.com", JsonSerializer.Serialize(entries), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_follow_each_other_without_gap_or_repetition()
    {
        for (var i = 0; i < 5; i++)
        {
            await SignUpAsync($"page{i}@example.com");
        }

        var seen = new List<long>();
        string? cursor = null;
        do
        {
            var page = await ListAsync($"?limit=2{(cursor is null ? "" : "&cursor=" + cursor)}");
            seen.AddRange(page.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("seq").GetInt64()));
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);

        Assert.Equal([5L, 4, 3, 2, 1], seen);
    }

    [Fact]
    public async Task Only_admins_may_read_it_and_nobody_without_a_user()
    {
        var user = Guid.CreateVersion7().ToString("D");

        await (await GetAsync("", ("X-User-Id", user), ("X-User-Roles", "user"))).IsProblemAsync(HttpStatusCode.Forbidden, "FORBIDDEN", "auth");
        await (await GetAsync("")).IsProblemAsync(HttpStatusCode.Unauthorized, "MISSING_USER_ID", "auth");
        foreach (var bad in (string[])["?limit=0", "?limit=201", "?limit=x", "?cursor=-1", "?cursor=%00", "?kind=%00", "?user_id=x"])
        {
            await (await GetAsync(bad, ("X-User-Id", user), ("X-User-Roles", "user,admin"))).IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION");
        }
    }

    [Fact]
    public async Task A_key_used_often_is_told_once_a_day_and_address()
    {
        var (user, key, day) = (Guid.CreateVersion7(), Guid.CreateVersion7(), new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        foreach (var (address, at) in ((string, DateTimeOffset)[])[("192.0.2.1", day), ("192.0.2.1", day.AddHours(11)), ("192.0.2.2", day), ("192.0.2.1", day.AddHours(12)), ("192.0.2.1", day)])
        {
            await Eco2.Auth.Auditing.Audit.AddAsync(Runtime, Eco2.Auth.Auditing.Audit.KeyUsed(user, key, new Eco2.Auth.Sessions.Caller(address, null), at), CancellationToken.None);
        }

        Assert.Equal(3, await db.ScalarAsync<long>($"select count(*) from audit where kind = 'key_used' and user_id = '{user}'"));
    }

    [Fact]
    public async Task What_is_told_twice_is_one_entry()
    {
        var (id, admin) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        for (var i = 0; i < 2; i++)
        {
            await Eco2.Auth.Auditing.Audit.AddAsync(Runtime, Eco2.Auth.Auditing.Audit.AdminActed(id, admin, "dead_letter_discarded", "x", new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero)), CancellationToken.None);
        }

        Assert.Equal(1, await db.ScalarAsync<long>($"select count(*) from audit where actor_id = '{admin}'"));
    }

    [Fact]
    public async Task What_other_apps_tell_is_one_entry_however_often_and_wherever_it_arrives()
    {
        var (id, user, request) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => TellAsync(id, user, "export_fetched", request.ToString("D"))));
        await TellAsync(Guid.CreateVersion7(), user, "export_fetched", request.ToString("D"));

        var entries = (await ListAsync($"?user_id={user}")).GetProperty("entries").EnumerateArray().ToList();
        Assert.All(answers, answer => Assert.Equal("SUCCESS", answer));
        Assert.Equal(2, entries.Count);
        Assert.All(entries, entry => Assert.Equal(("export_fetched", request), (entry.GetProperty("kind").GetString(), entry.GetProperty("details").GetProperty("request_id").GetGuid())));
    }

    [Theory]
    [InlineData("signed_in", "0198c0de-0000-7000-8000-000000000001")]
    [InlineData("account_erased", "0198c0de-0000-7000-8000-000000000001")]
    [InlineData("export_fetched", "somebody@example.com")]
    [InlineData("admin_acted", "")]
    public async Task Other_apps_add_only_what_is_theirs_to_tell(string kind, string subject)
    {
        var answer = await TellAsync(Guid.CreateVersion7(), Guid.CreateVersion7(), kind, subject);

        Assert.Equal(("DROP", 0L), (answer, await db.ScalarAsync<long>("select count(*) from audit")));
    }

    private async Task<string> TellAsync(Guid id, Guid actor, string kind, string subject)
    {
        var told = JsonSerializer.Serialize(new { event_id = id, kind, actor_id = actor, subject, at = "2026-03-01T00:00:00Z" });
        using var body = new StringContent("{\"specversion\":\"1.0\",\"id\":\"1\",\"data\":" + told + "}", System.Text.Encoding.UTF8, "application/cloudevents+json");
        using var answer = await host.Client.PostAsync("/events/audit-told", body);
        return answer.IsSuccessStatusCode ? (await answer.JsonAsync()).GetProperty("status").GetString()! : answer.StatusCode.ToString();
    }

    private NpgsqlDataSource Runtime => (NpgsqlDataSource)host.Services.GetService(typeof(NpgsqlDataSource))!;

    private async Task<string> SignUpAsync(string email)
    {
        var answer = await host.PostAsync("sign-up", new { email, password = "correct horse battery" });
        return (await answer.JsonAsync()).GetProperty("user_id").GetString()!;
    }

    private async Task<JsonElement> ListAsync(string query)
    {
        var answer = await GetAsync(query, ("X-User-Id", Guid.CreateVersion7().ToString("D")), ("X-User-Roles", "user,admin"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private Task<HttpResponseMessage> GetAsync(string query, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/audit" + query);
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return host.Client.SendAsync(request);
    }
}
