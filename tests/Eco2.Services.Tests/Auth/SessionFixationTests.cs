using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using Xunit;

namespace Eco2.Services.Tests.Auth;

/// <summary>Somebody puts their own cookies, or ids of their choosing, into a browser before its owner signs in.</summary>
public sealed class SessionFixationTests : AuthTest
{
    private const string Chosen = "01980000-0000-7000-8000-00000000beef";

    [Theory]
    [InlineData("sign-up", HttpStatusCode.Created)]
    [InlineData("sign-in", HttpStatusCode.OK)]
    public async Task A_session_is_new_whatever_the_browser_brings(string way, HttpStatusCode status)
    {
        var attacker = await (await host.PostAsync("sign-up", new { email = "attacker@example.com", password = "correct horse" })).JsonAsync();
        if (way == "sign-in")
        {
            await host.PostAsync("sign-up", new { email = "victim@example.com", password = "correct horse too" });
        }

        var planted = $"s_access={attacker.GetProperty("access_token").GetString()}; s_refresh={attacker.GetProperty("refresh_token").GetString()}; session={Chosen}; sid={Chosen}";
        var answer = await host.PostAsync(
            way, new { email = "victim@example.com", password = "correct horse too" }, ("Cookie", planted), ("X-Session-Id", Claim(attacker, "sid")), ("X-User-Id", Claim(attacker, "sub")));

        Assert.Equal(status, answer.StatusCode);
        var victim = await answer.JsonAsync();
        Assert.NotEqual(Claim(attacker, "sub"), Claim(victim, "sub"));
        Assert.NotEqual(Claim(attacker, "sid"), Claim(victim, "sid"));
        Assert.NotEqual(Chosen, Claim(victim, "sid"));
        Assert.NotEqual(attacker.GetProperty("refresh_token").GetString(), victim.GetProperty("refresh_token").GetString());
        Assert.True(answer.Headers.CacheControl!.NoStore);
        // The browser is told to forget what was planted.
        var cookies = answer.Headers.GetValues("Set-Cookie").ToList();
        Assert.Contains(cookies, cookie => cookie.StartsWith($"s_access={victim.GetProperty("access_token").GetString()};", StringComparison.Ordinal));
        Assert.Contains(cookies, cookie => cookie.StartsWith("s_refresh=", StringComparison.Ordinal) && cookie.Contains(victim.GetProperty("refresh_token").GetString()!, StringComparison.Ordinal));
        // What the attacker holds still opens the attacker's account and no other.
        var renewed = await (await host.PostAsync("refresh", new { refresh_token = attacker.GetProperty("refresh_token").GetString() })).JsonAsync();
        Assert.Equal((Claim(attacker, "sub"), Claim(attacker, "sid")), (Claim(renewed, "sub"), Claim(renewed, "sid")));
        Assert.Equal(0, await db.ScalarAsync<long>($"select count(*) from sessions where id = '{Chosen}'"));
        Assert.Equal(0, await db.ScalarAsync<long>($"select count(*) from sessions where id = '{Claim(attacker, "sid")}' and account_id <> '{Claim(attacker, "sub")}'"));
    }

    [Fact]
    public async Task Every_sign_in_is_a_session_of_its_own()
    {
        var first = await (await host.PostAsync("sign-up", new { email = "again@example.com", password = "correct horse" })).JsonAsync();
        var second = await (await host.PostAsync("sign-in", new { email = "again@example.com", password = "correct horse" }, ("Cookie", $"s_access={first.GetProperty("access_token").GetString()}"))).JsonAsync();

        Assert.Equal(Claim(first, "sub"), Claim(second, "sub"));
        Assert.NotEqual(Claim(first, "sid"), Claim(second, "sid"));
    }

    private static string Claim(JsonElement answer, string name) =>
        JsonElement.Parse(Base64Url.DecodeFromChars(answer.GetProperty("access_token").GetString()!.Split('.')[1])).GetProperty(name).GetString()!;
}
