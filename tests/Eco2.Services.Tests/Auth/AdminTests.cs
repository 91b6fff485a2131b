using System.Net;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Auth;

public sealed class AdminTests
{
    private readonly TestClock clock = new();

    [Fact]
    public async Task Whoever_the_setting_names_is_an_admin_once_the_session_has_shown_a_second_factor_and_nobody_else_is()
    {
        var (host, db) = await AuthApp.StartAsync(clock, "Auth:Admins:0=Boss@Example.com", "Auth:Admins:local=operator@example.com");
        await using var _ = host;
        await using var __ = db;

        var boss = await Person.SignUpAsync(host, "boss@example.com");
        var before = boss.Roles;
        var earlier = new Person(host, boss.Email);
        await earlier.TakeAsync(await boss.SignInAsync());
        await boss.TurnSecondFactorOnAsync(db, clock);
        var account = await boss.AccountAsync();
        await boss.TakeAsync(await host.PostAsync("refresh", new { refresh_token = boss.RefreshToken }));
        await earlier.TakeAsync(await host.PostAsync("refresh", new { refresh_token = earlier.RefreshToken }));
        var later = new Person(host, boss.Email);
        await later.TakeAsync(await boss.AnswerAsync(await boss.ChallengeAsync(), boss.BackupCodes[0]));
        var operatorOf = await Person.SignUpAsync(host, "operator@example.com");
        var user = await Person.SignUpAsync(host, "boss@example.com.evil.example");
        await user.TurnSecondFactorOnAsync(db, clock);
        await user.TakeAsync(await host.PostAsync("refresh", new { refresh_token = user.RefreshToken }));

        Assert.Equal(["user", "admin:second-factor"], before);
        Assert.Equal(["user", "admin"], boss.Roles);
        Assert.Equal(["user", "admin"], account.GetProperty("roles").EnumerateArray().Select(r => r.GetString()));
        // This session never showed it.
        Assert.Equal(["user", "admin:second-factor"], earlier.Roles);
        Assert.Equal(["user", "admin"], later.Roles);
        Assert.Equal(["user", "admin:second-factor"], operatorOf.Roles);
        Assert.Equal(["user"], user.Roles);
    }

    [Fact]
    public async Task A_second_factor_on_an_address_that_nobody_verified_makes_no_admin()
    {
        var (host, db) = await AuthApp.StartAsync(clock, "Auth:Admins:0=boss@example.com");
        await using var _ = host;
        await using var __ = db;
        var boss = await Person.SignUpAsync(host, "boss@example.com");
        await boss.TurnSecondFactorOnAsync(db, clock);
        await using (var forget = db.CreateCommand("update accounts set email_verified_at = null"))
        {
            await forget.ExecuteNonQueryAsync();
        }

        await boss.TakeAsync(await boss.AnswerAsync(await boss.ChallengeAsync(), boss.BackupCodes[0]));

        Assert.Equal(["user", "admin:second-factor"], boss.Roles);
    }

    [Fact]
    public async Task Who_is_taken_off_the_list_or_turns_the_second_factor_off_is_an_admin_no_more_with_the_next_token()
    {
        var postgres = await PostgresCluster.CreateDatabaseAsync();
        await using var db = NpgsqlDataSource.Create(postgres + ";Search Path=auth");
        Person boss;
        await using (var host = await ServiceHost.StartAsync(Eco2.Auth.Program.Build, postgres, clock, "Auth:PasswordIterations=1000", "Auth:Admins:0=boss@example.com"))
        {
            boss = await Person.SignUpAsync(host, "boss@example.com");
            await boss.TurnSecondFactorOnAsync(db, clock);
            await boss.TakeAsync(await host.PostAsync("refresh", new { refresh_token = boss.RefreshToken }));
            Assert.Equal(["user", "admin"], boss.Roles);

            Assert.Equal(HttpStatusCode.NoContent, (await boss.SendAsync(HttpMethod.Delete, "totp", new { code = boss.BackupCodes[0] })).StatusCode);
            await boss.TakeAsync(await host.PostAsync("refresh", new { refresh_token = boss.RefreshToken }));
            Assert.Equal(["user", "admin:second-factor"], boss.Roles);
        }

        await using var later = await ServiceHost.StartAsync(Eco2.Auth.Program.Build, postgres, clock, "Auth:PasswordIterations=1000");
        await boss.TakeAsync(await later.PostAsync("refresh", new { refresh_token = boss.RefreshToken }));

        Assert.Equal(["user"], boss.Roles);
    }

    /// <summary>As deploy/ names it until somebody fills it in.</summary>
    [Fact]
    public async Task An_empty_address_makes_nobody_an_admin_and_hinders_nobody()
    {
        var (host, db) = await AuthApp.StartAsync(clock, "Auth:Admins:0=");
        await using var _ = host;
        await using var __ = db;

        Assert.Equal(["user"], (await Person.SignUpAsync(host, "somebody@example.com")).Roles);
    }
}
