using System.Net;
using Eco2.Auth.Accounts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Auth;

/// <summary>Guessing is bounded for the whole account too, and that bound is no way to lock its owner out.</summary>
public sealed class AttemptsTests : AuthTest
{
    private static readonly (string Name, string Value) Home = ("X-Client-Address", "198.51.100.1");

    private protected override string[] Settings => ["Auth:FreeAttempts=2"];

    [Fact]
    public async Task Guesses_from_many_addresses_make_strangers_wait_and_not_the_address_of_the_owner()
    {
        var owner = await Person.SignUpAsync(host, "owner@example.com", Home);
        await GuessAsync(owner.Email, 25);

        var stranger = await owner.SignInAsync(Person.Password, ("X-Client-Address", "203.0.113.200"));
        var atHome = await owner.SignInAsync(Person.Password, Home);

        await stranger.IsProblemAsync(HttpStatusCode.TooManyRequests, "RATE_LIMITED", "auth");
        Assert.Equal(HttpStatusCode.OK, atHome.StatusCode);
    }

    [Fact]
    public async Task A_reset_by_mail_opens_the_door_wherever_the_owner_is()
    {
        var owner = await Person.SignUpAsync(host, "away@example.com", Home);
        await GuessAsync(owner.Email, 25);
        var token = await Eco2.Auth.Mail.OneTimeLinks.MakeAsync(
            host.Services.GetRequiredService<NpgsqlDataSource>(), owner.Id, Eco2.Auth.Mail.OneTimeLinks.ResetPassword, clock.GetUtcNow(), CancellationToken.None);
        var hotel = ("X-Client-Address", "192.0.2.7");

        var reset = await host.PostAsync("password/reset", new { token, password = "a battery of staples" }, hotel);
        await GuessAsync(owner.Email, 25);
        // Who had the account before the reset may have been there.
        var formerHome = await owner.SignInAsync("a battery of staples", Home);
        var back = await owner.SignInAsync("a battery of staples", hotel);

        Assert.Equal(HttpStatusCode.NoContent, reset.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, formerHome.StatusCode);
        Assert.Equal(HttpStatusCode.OK, back.StatusCode);
    }

    [Fact]
    public async Task Links_and_requests_for_mails_are_bounded_per_address()
    {
        var links = new List<HttpStatusCode>();
        var mails = new List<HttpStatusCode>();
        for (var i = 0; i < 30; i++)
        {
            links.Add((await host.PostAsync("email/verify", new { token = new string((char)('a' + (i % 26)), 43) }, Home)).StatusCode);
            mails.Add((await host.PostAsync("password/forgot", new { email = $"somebody{i}@example.com" }, Home)).StatusCode);
        }

        var elsewhere = await host.PostAsync("password/forgot", new { email = "somebody0@example.com" }, ("X-Client-Address", "192.0.2.7"));

        Assert.Equal((20, 20), (links.Count(s => s == HttpStatusCode.BadRequest), mails.Count(s => s == HttpStatusCode.Accepted)));
        Assert.All(links.Concat(mails).Where(s => s is not (HttpStatusCode.BadRequest or HttpStatusCode.Accepted)), s => Assert.Equal(HttpStatusCode.TooManyRequests, s));
        Assert.Equal(HttpStatusCode.Accepted, elsewhere.StatusCode);
    }

    [Fact]
    public async Task What_has_no_meaning_any_more_is_removed()
    {
        var person = await Person.SignUpAsync(host, "old@example.com", Home);
        await GuessAsync(person.Email, 3);
        await person.TurnSecondFactorOnAsync(db, clock);
        await person.ChallengeAsync();
        var sweep = host.Services.GetServices<IHostedService>().OfType<Sweep>().Single();

        await sweep.RunAsync(CancellationToken.None);
        var before = await CountAsync();
        clock.Advance(TimeSpan.FromDays(91));
        await sweep.RunAsync(CancellationToken.None);

        Assert.InRange(before, 3, 20);
        Assert.Equal(0, await CountAsync());
    }

    private Task<long> CountAsync() =>
        db.ScalarAsync<long>("select (select count(*) from sign_in_attempts) + (select count(*) from sign_in_challenges) + (select count(*) from known_addresses)");

    private async Task GuessAsync(string email, int addresses)
    {
        for (var i = 0; i < addresses; i++)
        {
            await host.PostAsync("sign-in", new { email, password = $"wrong horse {i}" }, ("X-Client-Address", $"203.0.113.{i}"));
        }
    }
}
