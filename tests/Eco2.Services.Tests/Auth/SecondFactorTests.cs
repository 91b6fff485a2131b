using System.Net;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Eco2.Services.Tests.Auth;

public sealed class SecondFactorTests : AuthTest
{
    [Fact]
    public async Task Once_it_is_on_a_password_alone_opens_nothing_and_a_code_opens_once()
    {
        var person = await OnAsync("on@example.com");
        clock.Advance(TimeSpan.FromSeconds(60));
        var code = person.Code(clock);
        var challenge = await person.ChallengeAsync();

        var opened = await person.AnswerAsync(challenge, code);
        var again = await person.AnswerAsync(challenge, code);
        var reused = await person.AnswerAsync(await person.ChallengeAsync(), code);
        var older = await person.AnswerAsync(await person.ChallengeAsync(), person.Code(clock, -1));
        var next = await person.AnswerAsync(await person.ChallengeAsync(), person.Code(clock, +1));

        Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
        Assert.Contains(opened.Headers.GetValues("Set-Cookie"), c => c.StartsWith("s_access=", StringComparison.Ordinal));
        await again.IsProblemAsync(HttpStatusCode.Unauthorized, "CHALLENGE_ENDED", "auth");
        await reused.IsProblemAsync(HttpStatusCode.UnprocessableEntity, "INVALID_CODE", "auth");
        await older.IsProblemAsync(HttpStatusCode.UnprocessableEntity, "INVALID_CODE", "auth");
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Fact]
    public async Task One_code_sent_to_many_challenges_at_once_opens_one()
    {
        var person = await OnAsync("many@example.com");
        clock.Advance(TimeSpan.FromSeconds(60));
        var challenges = new List<string>();
        for (var i = 0; i < 8; i++)
        {
            challenges.Add(await person.ChallengeAsync());
        }

        var answers = await Task.WhenAll(challenges.Select(challenge => person.AnswerAsync(challenge, person.Code(clock))));

        Assert.Equal(1, answers.Count(a => a.StatusCode == HttpStatusCode.OK));
    }

    [Fact]
    public async Task A_challenge_ends_after_five_tries_and_after_five_minutes()
    {
        var person = await OnAsync("tries@example.com");
        clock.Advance(TimeSpan.FromSeconds(60));
        var challenge = await person.ChallengeAsync();
        for (var i = 0; i < 5; i++)
        {
            await (await person.AnswerAsync(challenge, "000000")).IsProblemAsync(HttpStatusCode.UnprocessableEntity, "INVALID_CODE");
        }

        var sixth = await person.AnswerAsync(challenge, person.Code(clock));
        var late = await person.ChallengeAsync();
        clock.Advance(TimeSpan.FromMinutes(5));
        var tooLate = await person.AnswerAsync(late, person.Code(clock));

        await sixth.IsProblemAsync(HttpStatusCode.Unauthorized, "CHALLENGE_ENDED");
        await tooLate.IsProblemAsync(HttpStatusCode.Unauthorized, "CHALLENGE_ENDED");
        await (await person.AnswerAsync("nonsense", "000000")).IsProblemAsync(HttpStatusCode.Unauthorized, "CHALLENGE_ENDED");
        Assert.Equal(5, await db.ScalarAsync<long>($"select count(*) from audit where user_id = '{person.Id}' and kind = 'sign_in_refused'"));
    }

    [Fact]
    public async Task Codes_guessed_over_many_challenges_are_bounded_and_the_bound_ends()
    {
        var person = await OnAsync("bounded@example.com");
        clock.Advance(TimeSpan.FromSeconds(60));
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 4; i++)
        {
            var challenge = await person.ChallengeAsync();
            for (var j = 0; j < 5; j++)
            {
                answers.Add((await person.AnswerAsync(challenge, $"00000{j}")).StatusCode);
            }
        }

        clock.Advance(TimeSpan.FromMinutes(16));
        var owner = await person.AnswerAsync(await person.ChallengeAsync(), person.Code(clock));

        Assert.InRange(answers.Count(a => a == HttpStatusCode.UnprocessableEntity), 1, 10);
        Assert.Contains(HttpStatusCode.TooManyRequests, answers);
        Assert.Equal(HttpStatusCode.OK, owner.StatusCode);
    }

    [Fact]
    public async Task Each_of_ten_backup_codes_opens_once_and_new_ones_make_the_old_ones_void()
    {
        var person = await OnAsync("backup@example.com");
        Assert.Equal(10, person.BackupCodes.Distinct().Count());
        var first = await person.AnswerAsync(await person.ChallengeAsync(), person.BackupCodes[0].ToUpperInvariant());
        var again = await person.AnswerAsync(await person.ChallengeAsync(), person.BackupCodes[0]);
        await person.TakeAsync(first);
        var left = (await person.AccountAsync()).GetProperty("backup_codes_left").GetInt32();

        var challenges = new[] { await person.ChallengeAsync(), await person.ChallengeAsync() };
        var race = await Task.WhenAll(challenges.Select(challenge => person.AnswerAsync(challenge, person.BackupCodes[1])));
        var renewed = await person.PostAsync("totp/backup-codes", new { code = person.BackupCodes[2] });
        var old = await person.AnswerAsync(await person.ChallengeAsync(), person.BackupCodes[3]);
        var fresh = await person.AnswerAsync(await person.ChallengeAsync(), (await renewed.JsonAsync()).GetProperty("backup_codes")[0].GetString()!);

        Assert.Equal(9, left);
        await again.IsProblemAsync(HttpStatusCode.UnprocessableEntity, "INVALID_CODE");
        Assert.Single(race, a => a.StatusCode == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.OK, renewed.StatusCode);
        await old.IsProblemAsync(HttpStatusCode.UnprocessableEntity, "INVALID_CODE");
        Assert.Equal(HttpStatusCode.OK, fresh.StatusCode);
    }

    [Fact]
    public async Task Turning_it_on_wants_the_password_a_verified_address_and_a_code_and_off_wants_a_code()
    {
        var person = await Person.SignUpAsync(host, "steps@example.com");
        var unverified = await person.PostAsync("totp", new { password = Person.Password });
        await person.VerifyAsync(db);
        var wrong = await person.PostAsync("totp", new { password = "wrong horse" });
        var early = await person.PostAsync("totp/confirm", new { code = "000000" });
        var started = await (await person.PostAsync("totp", new { password = Person.Password })).JsonAsync();
        var guessed = await person.PostAsync("totp/confirm", new { code = "000000" });
        var stillOff = await person.SignInAsync();

        await person.TurnSecondFactorOnAsync(db, clock);
        var twice = await person.PostAsync("totp", new { password = Person.Password });
        var offWrong = await person.SendAsync(HttpMethod.Delete, "totp", new { code = "000000" });
        var off = await person.SendAsync(HttpMethod.Delete, "totp", new { code = person.BackupCodes[0] });

        await unverified.IsProblemAsync(HttpStatusCode.Conflict, "EMAIL_NOT_VERIFIED", "auth");
        await wrong.IsProblemAsync(HttpStatusCode.UnprocessableEntity, "WRONG_PASSWORD", "auth");
        await early.IsProblemAsync(HttpStatusCode.Conflict, "SECOND_FACTOR_OFF", "auth");
        Assert.Contains($"secret={started.GetProperty("secret").GetString()}", started.GetProperty("otpauth_uri").GetString(), StringComparison.Ordinal);
        await guessed.IsProblemAsync(HttpStatusCode.UnprocessableEntity, "INVALID_CODE", "auth");
        Assert.Equal(HttpStatusCode.OK, stillOff.StatusCode);
        await twice.IsProblemAsync(HttpStatusCode.Conflict, "SECOND_FACTOR_ON", "auth");
        await offWrong.IsProblemAsync(HttpStatusCode.UnprocessableEntity, "INVALID_CODE", "auth");
        Assert.Equal(HttpStatusCode.NoContent, off.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await person.SignInAsync()).StatusCode);
        var account = await person.AccountAsync();
        Assert.False(account.GetProperty("second_factor").GetBoolean());
        Assert.Equal(0, account.GetProperty("backup_codes_left").GetInt32());
    }

    [Fact]
    public async Task The_database_holds_neither_the_secret_nor_a_code()
    {
        var person = await OnAsync("rest@example.com");
        var text = Encoding.ASCII.GetString(person.Secret);

        var stored = await db.ScalarAsync<byte[]>($"select totp_secret from accounts where id = '{person.Id}'");
        var rows = await db.ScalarAsync<string>($"select json_agg(b)::text from backup_codes b where account_id = '{person.Id}'");

        Assert.Equal(-1, stored.AsSpan().IndexOf(person.Secret));
        Assert.NotEqual(text, Encoding.ASCII.GetString(stored));
        Assert.All(person.BackupCodes, code => Assert.DoesNotContain(Convert.ToHexStringLower(Encoding.ASCII.GetBytes(code.Replace("-", "", StringComparison.Ordinal))), rows, StringComparison.Ordinal));
        // Moved to another account it opens nothing.
        var thief = await OnAsync("thief@example.com");
        await using (var move = db.CreateCommand($"update accounts set totp_secret = (select totp_secret from accounts where id = '{thief.Id}'), totp_last_step = null where id = '{person.Id}'"))
        {
            await move.ExecuteNonQueryAsync();
        }

        host.ExpectErrors();
        Assert.Equal(HttpStatusCode.InternalServerError, (await person.AnswerAsync(await person.ChallengeAsync(), thief.Code(clock))).StatusCode);
    }

    [Fact]
    public async Task A_password_change_voids_the_challenges_that_the_old_one_opened()
    {
        var person = await OnAsync("void@example.com");
        var challenge = await person.ChallengeAsync();

        var changed = await person.SendAsync(HttpMethod.Put, "password", new { current_password = Person.Password, new_password = "a battery of staples" });
        var answer = await person.AnswerAsync(challenge, person.BackupCodes[0]);

        Assert.Equal(HttpStatusCode.NoContent, changed.StatusCode);
        await answer.IsProblemAsync(HttpStatusCode.Unauthorized, "CHALLENGE_ENDED");
    }

    [Fact]
    public async Task The_account_says_what_it_signs_in_with_and_no_more()
    {
        var person = await Person.SignUpAsync(host, "says@example.com");

        var account = await person.AccountAsync();
        var nobody = await host.Client.GetAsync(new Uri("/api/v1/auth/account", UriKind.Relative));

        Assert.Equal(
            ["backup_codes_left", "created_at", "email", "email_verified", "has_password", "id", "providers", "roles", "second_factor"],
            account.EnumerateObject().Select(member => member.Name).Order());
        Assert.Equal(("says@example.com", true, JsonValueKind.False), (account.GetProperty("email").GetString(), account.GetProperty("has_password").GetBoolean(), account.GetProperty("second_factor").ValueKind));
        await nobody.IsProblemAsync(HttpStatusCode.Unauthorized, "MISSING_USER_ID", "auth");
    }

    private async Task<Person> OnAsync(string email)
    {
        var person = await Person.SignUpAsync(host, email);
        await person.TurnSecondFactorOnAsync(db, clock);
        return person;
    }
}
