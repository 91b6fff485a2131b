using System.Net;
using Eco2.Auth.Accounts;
using Eco2.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Eco2.Services.Tests.Auth;

public sealed class PasswordTests : AuthTest
{
    [Theory]
    [InlineData("1q2w3e4", "PASSWORD_TOO_SHORT")]
    [InlineData("비밀번호일곱자", "PASSWORD_TOO_SHORT")]
    // Seven syllables in 21 letters, as macOS sends them.
    [InlineData("\u1112\u1161\u11ab\u1112\u1161\u11ab\u1112\u1161\u11ab\u1112\u1161\u11ab\u1112\u1161\u11ab\u1112\u1161\u11ab\u1112\u1161\u11ab", "PASSWORD_TOO_SHORT")]
    [InlineData("password", "PASSWORD_BREACHED")]
    [InlineData("Password123", "PASSWORD_BREACHED")]
    [InlineData("1q2w3e4r!", "PASSWORD_BREACHED")]
    [InlineData("dkssudgktpdy", "PASSWORD_BREACHED")]
    [InlineData("saranghae!!", "PASSWORD_BREACHED")]
    [InlineData("aaaaaaaaaaaaaaaaaaaa", "PASSWORD_BREACHED")]
    [InlineData("abcabcabcabcabc", "PASSWORD_BREACHED")]
    [InlineData("345678901234", "PASSWORD_BREACHED")]
    [InlineData("hgfedcba", "PASSWORD_BREACHED")]
    [InlineData("I love Eco2 so much", "PASSWORD_GUESSABLE")]
    [InlineData("GreenPerson and more", "PASSWORD_GUESSABLE")]
    public async Task A_password_that_is_tried_first_is_refused_and_says_why(string password, string code)
    {
        var answer = await host.PostAsync("sign-up", new { email = "greenperson@example.com", password });

        var problem = await answer.IsProblemAsync(HttpStatusCode.UnprocessableEntity, code, "auth");
        Assert.NotEmpty(problem.GetProperty("errors").GetProperty("password").EnumerateArray());
    }

    [Fact]
    public async Task A_password_may_be_long_and_of_any_characters_but_not_endless()
    {
        var phrase = await host.PostAsync("sign-up", new { email = "phrase@example.com", password = "물 한 병 더 주세요 🙏" });
        var longest = await host.PostAsync("sign-up", new { email = "longest@example.com", password = string.Concat(Enumerable.Range(0, 64).Select(i => $"{(char)('a' + (i * 7 % 26))}{i % 10}")) });
        var endless = await host.PostAsync("sign-up", new { email = "endless@example.com", password = string.Concat(Enumerable.Range(0, 65).Select(i => $"{(char)('a' + (i * 7 % 26))}{i % 10}")) });

        Assert.Equal(HttpStatusCode.Created, phrase.StatusCode);
        Assert.Equal(HttpStatusCode.Created, longest.StatusCode);
        await endless.IsProblemAsync(HttpStatusCode.UnprocessableEntity, "PASSWORD_TOO_LONG", "auth");
    }

    [Fact]
    public void The_list_of_known_passwords_is_there_and_in_the_form_that_is_looked_up()
    {
        using var reader = new StreamReader(typeof(PasswordRules).Assembly.GetManifestResourceStream("Eco2.Auth.Accounts.KnownPasswords.txt")!);
        var lines = reader.ReadToEnd().TrimEnd('\n').Split('\n');

        Assert.InRange(lines.Length, 3000, 20000);
        Assert.Equal(lines.Length, PasswordRules.Count);
        Assert.All(lines, line => Assert.Equal(line.ToLowerInvariant(), line));
    }

    [Fact]
    public async Task Changing_the_password_wants_the_old_one_and_ends_the_other_sessions_only()
    {
        var person = await Person.SignUpAsync(host, "change@example.com");
        var other = await (await person.SignInAsync()).JsonAsync();

        var wrong = await person.SendAsync(HttpMethod.Put, "password", new { current_password = "wrong horse", new_password = "a battery of staples" });
        var missing = await person.SendAsync(HttpMethod.Put, "password", new { new_password = "a battery of staples" });
        var weak = await person.SendAsync(HttpMethod.Put, "password", new { current_password = Person.Password, new_password = "password1" });
        var keyed = await host.Client.SendAsync(new HttpRequestMessage(HttpMethod.Put, "/api/v1/auth/password")
        {
            Headers = { { "X-User-Id", person.Id.ToString() } },
            Content = System.Net.Http.Json.JsonContent.Create(new { current_password = Person.Password, new_password = "a battery of staples" }),
        });
        var changed = await person.SendAsync(HttpMethod.Put, "password", new { current_password = Person.Password, new_password = "a battery of staples" });

        await wrong.IsProblemAsync(HttpStatusCode.UnprocessableEntity, "WRONG_PASSWORD", "auth");
        await missing.IsProblemAsync(HttpStatusCode.UnprocessableEntity, "WRONG_PASSWORD", "auth");
        await weak.IsProblemAsync(HttpStatusCode.UnprocessableEntity, "PASSWORD_BREACHED", "auth");
        await keyed.IsProblemAsync(HttpStatusCode.Forbidden, "SESSION_REQUIRED", "auth");
        Assert.Equal(HttpStatusCode.NoContent, changed.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.SignInAsync()).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await person.SignInAsync("a battery of staples")).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await host.PostAsync("refresh", new { refresh_token = person.RefreshToken })).StatusCode);
        await (await host.PostAsync("refresh", new { refresh_token = other.GetProperty("refresh_token").GetString() })).IsProblemAsync(HttpStatusCode.Unauthorized, "TOKEN_REVOKED");
        Assert.Equal(1, await db.ScalarAsync<long>($"select count(*) from audit where user_id = '{person.Id}' and kind = 'password_changed'"));
    }

    [Fact]
    public async Task A_password_that_is_replaced_while_it_is_looked_at_opens_nothing_and_does_not_come_back()
    {
        var person = await Person.SignUpAsync(host, "replaced@example.com");
        await using var stronger = await ServiceHost.StartAsync(Eco2.Auth.Program.Build, db.ConnectionString, null, "Auth:PasswordIterations=2000");
        var passwords = stronger.Services.GetRequiredService<Passwords>();
        using var hold = new ManualResetEventSlim();
        var busy = Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount - 1)).Select(_ => passwords.RunAsync(() => hold.Wait(TimeSpan.FromSeconds(30)), CancellationToken.None)).ToArray();

        // It has read the old hash and waits for its turn.
        var signIn = stronger.PostAsync("sign-in", new { email = person.Email, password = Person.Password });
        await Eventually.TrueAsync(async () => await db.ScalarAsync<long>("select count(*) from sign_in_attempts") >= 2, "the attempt is counted");
        for (var i = 0; i < 5; i++)
        {
            await stronger.Client.GetAsync(new Uri("/internal/sessions/revoked", UriKind.Relative));
        }

        await using (var reset = db.CreateCommand("update accounts set password_hash = 'of the new password' where email = 'replaced@example.com'"))
        {
            await reset.ExecuteNonQueryAsync();
        }

        hold.Set();
        await Task.WhenAll(busy);

        await (await signIn).IsProblemAsync(HttpStatusCode.Unauthorized, "INVALID_CREDENTIALS", "auth");
        Assert.Equal("of the new password", await db.ScalarAsync<string>("select password_hash from accounts where email = 'replaced@example.com'"));
        Assert.Equal(1, await db.ScalarAsync<long>($"select count(*) from sessions where account_id = '{person.Id}'"));
    }

    [Fact]
    public async Task Guessing_the_current_password_from_an_open_session_is_bounded()
    {
        var person = await Person.SignUpAsync(host, "open@example.com");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => person.SendAsync(HttpMethod.Put, "password", new { current_password = $"guess {i}", new_password = "a battery of staples" })));

        Assert.InRange(answers.Count(a => a.StatusCode == HttpStatusCode.UnprocessableEntity), 1, 10);
        Assert.All(answers.Where(a => a.StatusCode != HttpStatusCode.UnprocessableEntity), a => Assert.Equal(HttpStatusCode.TooManyRequests, a.StatusCode));
        Assert.Equal(HttpStatusCode.OK, (await person.SignInAsync()).StatusCode);
    }

    [Fact]
    public async Task A_second_password_for_an_account_without_one_wants_a_fresh_sign_in()
    {
        var person = await Person.SignUpAsync(host, "social@example.com");
        await using (var forget = db.CreateCommand("update accounts set password_hash = null where email = 'social@example.com'"))
        {
            await forget.ExecuteNonQueryAsync();
        }

        clock.Advance(TimeSpan.FromMinutes(11));
        var stale = await person.SendAsync(HttpMethod.Put, "password", new { new_password = "a battery of staples" });
        clock.Advance(TimeSpan.FromMinutes(-5));
        var fresh = await person.SendAsync(HttpMethod.Put, "password", new { new_password = "a battery of staples" });

        await stale.IsProblemAsync(HttpStatusCode.Forbidden, "SIGN_IN_AGAIN", "auth");
        Assert.Equal(HttpStatusCode.NoContent, fresh.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await person.SignInAsync("a battery of staples")).StatusCode);
    }
}
