using System.Net;
using Xunit;

namespace Eco2.Services.Tests.Auth;

/// <summary>Who is locked out is in the audit: once for each time, however often somebody knocks.</summary>
public sealed class LockoutTests : AuthTest
{
    private static readonly (string Name, string Value) Stranger = ("X-Client-Address", "203.0.113.9");

    private protected override string[] Settings => ["Auth:FreeAttempts=3"];

    [Fact]
    public async Task A_sign_in_that_is_not_looked_at_any_more_is_told_once_for_each_time()
    {
        var person = await Person.SignUpAsync(host, "locked@example.com", ("X-Client-Address", "198.51.100.1"));

        var first = await KnockAsync(person.Email, 12);
        var told = await TellingsAsync(person.Id);
        clock.Advance(TimeSpan.FromSeconds(2));
        await KnockAsync(person.Email, 5);

        Assert.Equal(9, first);
        Assert.Equal(1, told);
        Assert.Equal(2, await TellingsAsync(person.Id));
        Assert.Equal(
            ("203.0.113.9", "password"),
            (await db.ScalarAsync<string>("select address from audit where kind = 'locked_out' limit 1"), await db.ScalarAsync<string>("select details ->> 'proof' from audit where kind = 'locked_out' limit 1")));
        Assert.Equal(0, await db.ScalarAsync<long>("select count(*) from audit where kind = 'locked_out' and details::text like '%locked@%'"));
    }

    [Fact]
    public async Task The_whole_account_and_an_address_without_account_are_told_once_too()
    {
        var person = await Person.SignUpAsync(host, "whole@example.com", ("X-Client-Address", "198.51.100.1"));
        for (var i = 0; i < 40; i++)
        {
            await host.PostAsync("sign-in", new { email = person.Email, password = "wrong horse" }, ("X-Client-Address", $"192.0.2.{i}"));
        }

        await KnockAsync("nobody@example.com", 9);

        Assert.Equal((1L, 1L), (await TellingsAsync(person.Id), await db.ScalarAsync<long>("select count(*) from audit where kind = 'locked_out' and user_id is null")));
    }

    [Fact]
    public async Task So_are_codes_of_the_second_factor_and_the_password_asked_for_again()
    {
        var person = await Person.SignUpAsync(host, "codes@example.com");
        await person.TurnSecondFactorOnAsync(db, clock);
        clock.Advance(TimeSpan.FromSeconds(30));
        var refused = new List<HttpStatusCode>();
        for (var i = 0; i < 7; i++)
        {
            refused.Add((await person.AnswerAsync(await person.ChallengeAsync(), i % 2 == 0 ? "000000" : "aaaa-bbbb-cccc")).StatusCode);
        }

        for (var i = 0; i < 7; i++)
        {
            refused.Add((await person.SendAsync(HttpMethod.Put, "password", new { current_password = "wrong horse", new_password = "a battery of staples" })).StatusCode);
        }

        Assert.Equal(8, refused.Count(status => status == HttpStatusCode.TooManyRequests));
        Assert.Equal((3L, 3L), (await CountAsync("sign_in_refused"), await CountAsync("proof_refused")));
        Assert.Equal(
            "password second_factor",
            await db.ScalarAsync<string>($"select string_agg(details ->> 'proof', ' ' order by details ->> 'proof') from audit where kind = 'locked_out' and user_id = '{person.Id}'"));
    }

    private async Task<int> KnockAsync(string email, int times)
    {
        var locked = 0;
        for (var i = 0; i < times; i++)
        {
            locked += (await host.PostAsync("sign-in", new { email, password = "wrong horse" }, Stranger)).StatusCode == HttpStatusCode.TooManyRequests ? 1 : 0;
        }

        return locked;
    }

    private Task<long> TellingsAsync(Guid user) => db.ScalarAsync<long>($"select count(*) from audit where kind = 'locked_out' and user_id = '{user}'");

    private Task<long> CountAsync(string kind) => db.ScalarAsync<long>($"select count(*) from audit where kind = '{kind}'");
}
