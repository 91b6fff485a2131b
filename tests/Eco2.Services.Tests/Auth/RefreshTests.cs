using System.Net;
using System.Text.Json;
using Xunit;

namespace Eco2.Services.Tests.Auth;

public sealed class RefreshTests : AuthTest
{
    [Fact]
    public async Task Each_refresh_token_works_once_and_gives_the_next()
    {
        var first = await SignUpAsync("chain@example.com");

        var second = await (await RefreshAsync(first)).JsonAsync();
        var third = await RefreshAsync(second.GetProperty("refresh_token").GetString()!);

        Assert.Equal(HttpStatusCode.Created, third.StatusCode);
        Assert.Equal(SidOf(second), SidOf(await third.JsonAsync()));
    }

    [Fact]
    public async Task A_token_that_comes_again_ends_the_session_with_all_its_tokens()
    {
        var first = await SignUpAsync("reuse@example.com");
        var second = (await (await RefreshAsync(first)).JsonAsync()).GetProperty("refresh_token").GetString()!;

        var again = await RefreshAsync(first);
        var successor = await RefreshAsync(second);

        await again.IsProblemAsync(HttpStatusCode.Unauthorized, "TOKEN_REVOKED", "auth");
        await successor.IsProblemAsync(HttpStatusCode.Unauthorized, "TOKEN_REVOKED", "auth");
        Assert.Equal(1, await db.ScalarAsync<long>("select count(*) from outbox where topic = 'session.revoked' and component = 'broadcast'"));
        var revoked = await (await host.Client.GetAsync(new Uri("/internal/sessions/revoked", UriKind.Relative))).JsonAsync();
        Assert.Single(revoked.EnumerateArray());
        clock.Advance(TimeSpan.FromMinutes(17));
        Assert.Empty((await (await host.Client.GetAsync(new Uri("/internal/sessions/revoked", UriKind.Relative))).JsonAsync()).EnumerateArray());
    }

    [Fact]
    public async Task One_token_used_twenty_times_at_once_never_gives_two_families()
    {
        var first = await SignUpAsync("race@example.com");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => RefreshAsync(first)));

        Assert.InRange(answers.Count(a => a.StatusCode == HttpStatusCode.Created), 0, 1);
        Assert.Equal(0, await db.ScalarAsync<long>("select count(*) from sessions where revoked_at is null"));
        Assert.Equal(1, await db.ScalarAsync<long>("select count(*) from outbox where topic = 'session.revoked'"));
    }

    [Fact]
    public async Task A_browser_refreshes_by_cookie_and_gets_no_token_in_the_body()
    {
        var first = await SignUpAsync("cookie@example.com");
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/auth/refresh");
        request.Headers.Add("Cookie", $"s_refresh={first}");

        var answer = await host.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(2, answer.Headers.GetValues("Set-Cookie").Count());
    }

    [Fact]
    public async Task Old_foreign_and_mistaken_tokens_are_told_apart()
    {
        var body = await (await host.PostAsync("sign-up", new { email = "kinds@example.com", password = "correct horse" })).JsonAsync();
        var token = body.GetProperty("refresh_token").GetString()!;

        await (await RefreshAsync(body.GetProperty("access_token").GetString()!)).IsProblemAsync(HttpStatusCode.BadRequest, "TOKEN_TYPE_MISMATCH");
        await (await RefreshAsync("r1_" + new string('A', 43))).IsProblemAsync(HttpStatusCode.Unauthorized, "INVALID_TOKEN");
        await (await RefreshAsync("x")).IsProblemAsync(HttpStatusCode.Unauthorized, "INVALID_TOKEN");
        await (await host.Client.PostAsync("/api/v1/auth/refresh", null)).IsProblemAsync(HttpStatusCode.Unauthorized, "INVALID_TOKEN");
        await (await host.Client.PostAsync("/api/v1/auth/refresh", Answers.Json("{\"refresh_token\":1}"))).IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION");
        clock.Advance(TimeSpan.FromDays(31));
        await (await RefreshAsync(token)).IsProblemAsync(HttpStatusCode.Unauthorized, "TOKEN_EXPIRED");
    }

    [Fact]
    public async Task Signing_out_ends_the_session_and_clears_the_cookies()
    {
        var first = await SignUpAsync("out@example.com");

        var answer = await host.PostAsync("logout", new { refresh_token = first });
        var again = await host.PostAsync("logout", new { refresh_token = first });

        Assert.True((await answer.JsonAsync()).GetProperty("success").GetBoolean());
        Assert.All(answer.Headers.GetValues("Set-Cookie"), c => Assert.Contains("expires=Thu, 01 Jan 1970", c, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        await (await RefreshAsync(first)).IsProblemAsync(HttpStatusCode.Unauthorized, "TOKEN_REVOKED");
        Assert.Equal(1, await db.ScalarAsync<long>("select count(*) from outbox where topic = 'session.revoked'"));
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_every_session_of_that_user_only()
    {
        var mine = await (await host.PostAsync("sign-up", new { email = "mine@example.com", password = "correct horse" })).JsonAsync();
        var alsoMine = await (await host.PostAsync("sign-in", new { email = "mine@example.com", password = "correct horse" })).JsonAsync();
        var others = await SignUpAsync("others@example.com");

        var answer = await host.PostAsync("logout-all", new { }, ("X-User-Id", mine.GetProperty("user_id").GetString()!));
        var anonymous = await host.PostAsync("logout-all", new { });

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await anonymous.IsProblemAsync(HttpStatusCode.Unauthorized, "MISSING_USER_ID", "auth");
        await (await RefreshAsync(mine.GetProperty("refresh_token").GetString()!)).IsProblemAsync(HttpStatusCode.Unauthorized, "TOKEN_REVOKED");
        await (await RefreshAsync(alsoMine.GetProperty("refresh_token").GetString()!)).IsProblemAsync(HttpStatusCode.Unauthorized, "TOKEN_REVOKED");
        Assert.Equal(HttpStatusCode.Created, (await RefreshAsync(others)).StatusCode);
    }

    private async Task<string> SignUpAsync(string email) =>
        (await (await host.PostAsync("sign-up", new { email, password = "correct horse" })).JsonAsync()).GetProperty("refresh_token").GetString()!;

    private Task<HttpResponseMessage> RefreshAsync(string token) => host.PostAsync("refresh", new { refresh_token = token });

    private static string SidOf(JsonElement body) => JsonDocument
        .Parse(System.Buffers.Text.Base64Url.DecodeFromChars(body.GetProperty("access_token").GetString()!.Split('.')[1]))
        .RootElement.GetProperty("sid").GetString()!;
}
