using System.Net;
using System.Text.Json;
using Xunit;

namespace Eco2.Services.Tests.Auth;

public sealed class SessionListTests : AuthTest
{
    private const string Password = "correct horse battery";

    [Fact]
    public async Task Sessions_are_listed_with_where_they_come_from_the_last_used_first()
    {
        var phone = await SignAsync("sign-up", "mine@example.com", "Phone/1.0", "203.0.113.7");
        clock.Advance(TimeSpan.FromMinutes(1));
        var laptop = await SignAsync("sign-in", "mine@example.com", "Laptop/2.0", "198.51.100.2");
        await SignAsync("sign-up", "other@example.com", "Other/3.0", "192.0.2.1");
        clock.Advance(TimeSpan.FromMinutes(1));
        await host.PostAsync("refresh", new { refresh_token = phone.Body.GetProperty("refresh_token").GetString() });

        var sessions = (await (await SendAsync(HttpMethod.Get, "sessions", laptop)).JsonAsync()).GetProperty("sessions").EnumerateArray().ToList();

        Assert.Equal([phone.Session, laptop.Session], sessions.Select(s => s.GetProperty("id").GetString()));
        Assert.Equal(["Phone/1.0", "Laptop/2.0"], sessions.Select(s => s.GetProperty("user_agent").GetString()));
        Assert.Equal(["203.0.113.7", "198.51.100.2"], sessions.Select(s => s.GetProperty("address").GetString()));
        Assert.Equal([false, true], sessions.Select(s => s.GetProperty("current").GetBoolean()));
        Assert.All(sessions, s => Assert.Equal("password", s.GetProperty("provider").GetString()));
        Assert.Equal(TimeSpan.FromMinutes(2), sessions[0].GetProperty("last_used_at").GetDateTimeOffset() - sessions[0].GetProperty("created_at").GetDateTimeOffset());
    }

    [Fact]
    public async Task One_session_ends_and_the_others_stay()
    {
        var phone = await SignAsync("sign-up", "mine@example.com");
        var laptop = await SignAsync("sign-in", "mine@example.com");

        var ended = await SendAsync(HttpMethod.Delete, $"sessions/{phone.Session}", laptop);
        var again = await SendAsync(HttpMethod.Delete, $"sessions/{phone.Session}", laptop);

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (ended.StatusCode, again.StatusCode));
        Assert.False(ended.Headers.Contains("Set-Cookie"));
        await (await RefreshAsync(phone)).IsProblemAsync(HttpStatusCode.Unauthorized, "TOKEN_REVOKED");
        Assert.Equal(HttpStatusCode.Created, (await RefreshAsync(laptop)).StatusCode);
        Assert.Equal([laptop.Session], (await (await SendAsync(HttpMethod.Get, "sessions", laptop)).JsonAsync()).GetProperty("sessions").EnumerateArray().Select(s => s.GetProperty("id").GetString()));
        Assert.Equal(1, await db.ScalarAsync<long>($"select count(*) from outbox where topic = 'session.revoked' and key = '{phone.Session}'"));
    }

    [Fact]
    public async Task Whoever_ends_the_session_in_use_loses_its_cookies()
    {
        var mine = await SignAsync("sign-up", "mine@example.com");

        var ended = await SendAsync(HttpMethod.Delete, $"sessions/{mine.Session}", mine);

        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        Assert.All(ended.Headers.GetValues("Set-Cookie"), c => Assert.Contains("expires=Thu, 01 Jan 1970", c, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_foreign_session_is_not_there()
    {
        var mine = await SignAsync("sign-up", "mine@example.com");
        var other = await SignAsync("sign-up", "other@example.com");

        await (await SendAsync(HttpMethod.Delete, $"sessions/{other.Session}", mine)).IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND", "auth");
        await (await SendAsync(HttpMethod.Delete, $"sessions/{Guid.CreateVersion7()}", mine)).IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND", "auth");

        Assert.Equal(HttpStatusCode.Created, (await RefreshAsync(other)).StatusCode);
    }

    [Fact]
    public async Task Ended_and_expired_sessions_are_not_listed()
    {
        var old = await SignAsync("sign-up", "mine@example.com");
        var signedOut = await SignAsync("sign-in", "mine@example.com");
        await host.PostAsync("logout", new { refresh_token = signedOut.Body.GetProperty("refresh_token").GetString() });
        clock.Advance(TimeSpan.FromDays(31));
        var now = await SignAsync("sign-in", "mine@example.com");

        var sessions = (await (await SendAsync(HttpMethod.Get, "sessions", now)).JsonAsync()).GetProperty("sessions");

        Assert.Equal([now.Session], sessions.EnumerateArray().Select(s => s.GetProperty("id").GetString()));
        Assert.NotEqual(old.Session, now.Session);
    }

    private async Task<(JsonElement Body, string User, string Session)> SignAsync(string how, string email, string agent = "Test/1.0", string address = "203.0.113.1")
    {
        var body = await (await host.PostAsync(how, new { email, password = Password }, ("User-Agent", agent), ("X-Client-Address", address))).JsonAsync();
        var claims = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(body.GetProperty("access_token").GetString()!.Split('.')[1])).RootElement;
        return (body, claims.GetProperty("sub").GetString()!, claims.GetProperty("sid").GetString()!);
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, (JsonElement Body, string User, string Session) who)
    {
        var request = new HttpRequestMessage(method, $"/api/v1/auth/{path}");
        request.Headers.Add("X-User-Id", who.User);
        request.Headers.Add("X-Session-Id", who.Session);
        return host.Client.SendAsync(request);
    }

    private Task<HttpResponseMessage> RefreshAsync((JsonElement Body, string User, string Session) who) =>
        host.PostAsync("refresh", new { refresh_token = who.Body.GetProperty("refresh_token").GetString() });
}
