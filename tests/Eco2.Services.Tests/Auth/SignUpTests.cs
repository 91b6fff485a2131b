using System.Net;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Auth;

public sealed class SignUpTests : AuthTest
{
    [Fact]
    public async Task Signing_up_answers_tokens_and_cookies_and_leaves_one_message_for_the_others()
    {
        var answer = await host.PostAsync("sign-up", new { email = "a@example.com", password = "correct horse", nickname = "에코" });

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var body = await answer.JsonAsync();
        var user = body.GetProperty("user_id").GetGuid();
        Assert.Equal(900, body.GetProperty("expires_in").GetInt32());
        Assert.Equal(3, body.GetProperty("access_token").GetString()!.Split('.').Length);
        var cookies = answer.Headers.GetValues("Set-Cookie").ToList();
        Assert.Contains(cookies, c => c.StartsWith("s_access=", StringComparison.Ordinal) && c.Contains("path=/;") && c.Contains("httponly") && c.Contains("secure") && c.Contains("samesite=lax"));
        Assert.Contains(cookies, c => c.StartsWith("s_refresh=", StringComparison.Ordinal) && c.Contains("path=/api/v1/auth;"));
        Assert.Equal(1, await db.ScalarAsync<long>($"select count(*) from outbox where key = '{user}' and topic = 'user.registered' and payload like '%\"has_nickname\":true%' and payload not like '%에코%'"));
    }

    [Fact]
    public async Task The_same_sign_up_fifty_times_at_once_makes_one_account()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => host.PostAsync("sign-up", new { email = "twice@example.com", password = "correct horse" })));

        Assert.Equal(1, answers.Count(a => a.StatusCode == HttpStatusCode.Created));
        Assert.Equal(49, answers.Count(a => a.StatusCode == HttpStatusCode.Conflict));
        await answers.First(a => a.StatusCode == HttpStatusCode.Conflict).IsProblemAsync(HttpStatusCode.Conflict, "EMAIL_IN_USE", "auth");
        Assert.Equal(1, await db.ScalarAsync<long>("select count(*) from outbox o join accounts a on o.key = a.id::text where a.email = 'twice@example.com'"));
    }

    [Theory]
    [InlineData("  Who@Example.COM ", "who@example.com")]
    [InlineData("\u1112\u1161\u11ab\u1100\u116e\u11a8@example.com", "한국@example.com")]
    [InlineData("e\u0301mile@example.com", "\u00e9mile@example.com")]
    [InlineData("b@한국.kr", "b@xn--3e0b707e.kr")]
    public async Task An_address_is_kept_in_one_form_however_it_was_typed(string typed, string kept)
    {
        var answer = await host.PostAsync("sign-up", new { email = typed, password = "correct horse" });

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(1, await db.ScalarAsync<long>($"select count(*) from accounts where email = '{kept}'"));
        Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("sign-in", new { email = typed, password = "correct horse" })).StatusCode);
    }

    [Theory]
    [InlineData("""{"email":"a@example.com","password":""}""", "password")]
    [InlineData("""{"email":"a@example.com"}""", "password")]
    [InlineData("""{"email":"nobody","password":"correct horse"}""", "email")]
    [InlineData("""{"email":"a b@example.com","password":"correct horse"}""", "email")]
    [InlineData("""{"email":"a@nodot","password":"correct horse"}""", "email")]
    [InlineData("""{"email":"a@example.com","password":"correct horse","admin":true}""", "admin")]
    [InlineData("""{"email":1,"password":"correct horse"}""", "email")]
    [InlineData("""{"email":"a@example.com","password":["x"]}""", "password")]
    [InlineData("""{"email":"a@example.com","email":"b@example.com","password":"correct horse"}""", "body")]
    [InlineData("""{"email":"a@exam""", "body")]
    [InlineData("[]", "body")]
    [InlineData("null", "body")]
    [InlineData("", "body")]
    public async Task A_body_that_is_no_sign_up_is_refused_by_member(string body, string member)
    {
        var answer = await host.Client.PostAsync("/api/v1/auth/sign-up", Answers.Json(body));

        var problem = await answer.IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "auth");
        Assert.Contains(problem.GetProperty("errors").EnumerateObject(), e => e.Name == member || member == "body");
    }

    [Fact]
    public async Task Bodies_that_are_too_large_too_deep_or_no_JSON_are_refused()
    {
        var large = await host.PostAsync("sign-up", new { email = "a@example.com", password = new string('x', 300_000) });
        var deep = await host.Client.PostAsync("/api/v1/auth/sign-up", Answers.Json("{\"email\":" + new string('[', 5000) + new string(']', 5000) + "}"));
        var form = await host.Client.PostAsync("/api/v1/auth/sign-up", new StringContent("email=a", System.Text.Encoding.UTF8, "application/x-www-form-urlencoded"));

        var charset = await host.Client.PostAsync("/api/v1/auth/sign-up", new StringContent("{}") { Headers = { ContentType = new("application/json") { CharSet = "nonsense" } } });

        await charset.IsProblemAsync(HttpStatusCode.UnsupportedMediaType, "UNSUPPORTED_MEDIA");
        await large.IsProblemAsync(HttpStatusCode.RequestEntityTooLarge, "TOO_LARGE");
        await deep.IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION");
        await form.IsProblemAsync(HttpStatusCode.UnsupportedMediaType, "UNSUPPORTED_MEDIA");
    }

    [Fact]
    public async Task Nobody_but_the_sidecar_gets_in_and_probes_do()
    {
        using var stranger = host.NewClient(token: false);

        await (await stranger.GetAsync(new Uri("/internal/sessions/revoked", UriKind.Relative))).IsProblemAsync(HttpStatusCode.Unauthorized, "UNAUTHORIZED", "auth");
        Assert.Equal(HttpStatusCode.OK, (await stranger.GetAsync(new Uri("/healthz", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await stranger.GetAsync(new Uri("/readyz", UriKind.Relative))).StatusCode);
        await (await host.Client.GetAsync(new Uri("/api/v1/auth/nothing", UriKind.Relative))).IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND", "auth");
        await (await host.Client.GetAsync(new Uri("/api/v1/auth/sign-up", UriKind.Relative))).IsProblemAsync(HttpStatusCode.MethodNotAllowed, "METHOD_NOT_ALLOWED", "auth");
    }

    [Fact]
    public async Task The_runtime_role_cannot_leave_its_schema_or_rewrite_the_audit()
    {
        await host.PostAsync("sign-up", new { email = "audit@example.com", password = "correct horse" });
        var runtime = (NpgsqlDataSource)host.Services.GetService(typeof(NpgsqlDataSource))!;
        await using (var other = db.CreateCommand("create schema if not exists other; create table if not exists other.t (x int)"))
        {
            await other.ExecuteNonQueryAsync();
        }

        foreach (var forbidden in (string[])["select x from other.t", "delete from audit", "update audit set kind = 'other'", "truncate audit", "update audit_head set seq = 0", "drop table accounts", "select sha256 from schema_history"])
        {
            await using var command = runtime.CreateCommand(forbidden);
            var refused = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
    }
}
