using System.Net;
using Eco2.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Auth;

/// <summary>The key that encrypts is followed by another: what is stored moves to it, and then the old one may go.</summary>
public sealed class ReencryptTests : AuthTest
{
    private const string Next = "the-key-that-follows-it-0123456789-abcdef";
    private const string Old = ServiceHost.EncryptionKey;
    private const string KeysOf = "select count(distinct substring(k from 2 for 4)) from (select totp_secret k from accounts union all select totp_pending from accounts union all select private_key from signing_keys union all select body from idempotent_answers) x where k is not null";

    [Fact]
    public async Task Everything_stored_moves_to_the_new_key_and_the_old_one_may_go()
    {
        var people = new List<Person>();
        for (var i = 0; i < 3; i++)
        {
            people.Add(await Person.SignUpAsync(host, $"moves{i}@example.com", ("Idempotency-Key", $"{i}0123456789abcdef0123456789abcdef")));
        }

        await people[0].TurnSecondFactorOnAsync(db, clock);
        await people[1].VerifyAsync(db);
        await people[1].PostAsync("totp", new { password = Person.Password });

        await using (await StartAsync($"{Next},{Old}"))
        {
            await Eventually.TrueAsync(async () => await RenewedAsync() == 1 && await db.ScalarAsync<long>(KeysOf) == 1, "all is encrypted with the new key");
        }

        clock.Advance(TimeSpan.FromSeconds(30));
        await using var after = await StartAsync(Next);
        var asked = await (await after.PostAsync("sign-in", new { email = people[0].Email, password = Person.Password })).JsonAsync();
        var answer = await after.PostAsync("second-factor", new { challenge = asked.GetProperty("challenge").GetString(), code = people[0].Code(clock) });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await after.Client.GetAsync(new Uri("/.well-known/jwks.json", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task A_change_that_was_broken_off_goes_on_where_it_was_and_what_nobody_can_read_stays()
    {
        for (var i = 0; i < 4; i++)
        {
            var person = await Person.SignUpAsync(host, $"again{i}@example.com");
            await person.TurnSecondFactorOnAsync(db, clock);
        }

        // One row is done already, another has the secret of somebody else.
        await using (await StartAsync($"{Next},{Old}"))
        {
            await Eventually.TrueAsync(async () => await RenewedAsync() == 4 && await db.ScalarAsync<long>(KeysOf) == 1, "all four are renewed");
        }

        await using (var undo = db.CreateCommand("update accounts set totp_secret = (select totp_secret from accounts where email = 'again0@example.com') where email = 'again1@example.com'"))
        {
            await undo.ExecuteNonQueryAsync();
        }

        await using var back = await StartAsync($"{Old},{Next}", "Logging:LogLevel:Default=Error");
        await Eventually.TrueAsync(async () => await RenewedAsync() == 1, "all but one are back at the old key");
        var (renewed, lost) = await back.Services.GetServices<IHostedService>().OfType<Eco2.Auth.Keys.Reencrypt>().Single().RunAsync(CancellationToken.None);
        Assert.Equal((0, 1), (renewed, lost));
    }

    // How many are not encrypted with the key that encrypts in the first app. Asked first: before anything moved, all have one key too.
    private async Task<long> RenewedAsync()
    {
        await using var count = db.CreateCommand("select count(*) from accounts where totp_secret is not null and substring(totp_secret from 2 for 4) <> $1");
        count.Parameters.Add(new NpgsqlParameter { Value = await host.Services.GetRequiredService<Eco2.Auth.Keys.Encryption>().CurrentIdAsync(CancellationToken.None) });
        return (long)(await count.ExecuteScalarAsync())!;
    }

    private Task<ServiceHost> StartAsync(string keys, params string[] more) =>
        ServiceHost.StartAsync(Eco2.Auth.Program.Build, db.ConnectionString, clock, ["Auth:PasswordIterations=1000", $"Auth:EncryptionKey={keys}", .. more]);
}
