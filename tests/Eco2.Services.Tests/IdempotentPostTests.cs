using System.Net;
using System.Net.Http.Json;
using System.Text;
using Eco2.Services.Tests.Auth;
using Xunit;

namespace Eco2.Services.Tests;

/// <summary>A POST that comes again, at the route whose answer must not lie about in clear.</summary>
public sealed class IdempotentPostTests : AuthTest
{
    private static readonly object Wanted = new { name = "a", scopes = new[] { "scan:read" } };
    private string user = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        user = await SignUpAsync("once@example.com");
    }

    [Fact]
    public async Task The_same_key_gives_the_same_answer_and_makes_nothing_again()
    {
        var first = await PostAsync(user, "the-key-1", Wanted);
        var again = await PostAsync(user, "the-key-1", Wanted);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.StatusCode, again.StatusCode));
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(first.Headers.Location, again.Headers.Location);
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.True(again.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(1, await KeysAsync());
    }

    [Fact]
    public async Task Of_many_at_once_one_is_done_and_the_others_are_told_to_wait_or_get_its_answer()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => PostAsync(user, "the-key-2", Wanted)));

        Assert.Equal(1, await KeysAsync());
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        foreach (var late in answers.Where(answer => answer.StatusCode != HttpStatusCode.Created))
        {
            await late.IsProblemAsync(HttpStatusCode.Conflict, "IDEMPOTENCY_IN_PROGRESS", "auth");
            Assert.NotNull(late.Headers.RetryAfter);
        }
    }

    [Fact]
    public async Task A_key_is_bound_to_its_body_its_user_and_a_day()
    {
        await PostAsync(user, "the-key-3", Wanted);

        await (await PostAsync(user, "the-key-3", new { name = "b", scopes = new[] { "scan:read" } })).IsProblemAsync(HttpStatusCode.Conflict, "IDEMPOTENCY_MISMATCH", "auth");
        Assert.False((await PostAsync(await SignUpAsync("twice@example.com"), "the-key-3", Wanted)).Headers.Contains("Idempotency-Replayed"));
        clock.Advance(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(1));
        Assert.False((await PostAsync(user, "the-key-3", Wanted)).Headers.Contains("Idempotency-Replayed"));
    }

    [Fact]
    public async Task A_refusal_binds_nothing_and_a_bad_key_is_named()
    {
        await (await PostAsync(user, "the-key-4", new { name = "", scopes = new[] { "scan:read" } })).IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "auth");

        Assert.Equal(HttpStatusCode.Created, (await PostAsync(user, "the-key-4", Wanted)).StatusCode);
        await (await PostAsync(user, "short", Wanted)).IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "auth");
    }

    [Fact]
    public async Task A_claim_whose_request_died_is_taken_over_by_the_same_request()
    {
        await PostAsync(user, "the-key-5", Wanted);
        await using (var die = db.CreateCommand("select set_config('eco2.user_id', 'all', false); update idempotent_answers set status = null, body = null"))
        {
            await die.ExecuteNonQueryAsync();
        }

        await (await PostAsync(user, "the-key-5", Wanted)).IsProblemAsync(HttpStatusCode.Conflict, "IDEMPOTENCY_IN_PROGRESS", "auth");
        clock.Advance(TimeSpan.FromMinutes(3));

        Assert.Equal(HttpStatusCode.Created, (await PostAsync(user, "the-key-5", Wanted)).StatusCode);
    }

    [Fact]
    public async Task An_answer_with_a_secret_is_kept_encrypted()
    {
        var key = (await (await PostAsync(user, "the-key-6", Wanted)).JsonAsync()).GetProperty("key").GetString()!;

        await using var read = db.CreateCommand("select body from idempotent_answers where key = 'the-key-6'");
        var stored = Encoding.UTF8.GetString((byte[])(await read.ExecuteScalarAsync())!);

        Assert.DoesNotContain(key[^43..], stored, StringComparison.Ordinal);
        Assert.DoesNotContain("name", stored, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sign_up_that_comes_again_gives_the_same_session_and_its_cookies()
    {
        var (key, body) = ("0198c0de000070008000000000000001", new { email = "lost@example.com", password = "correct horse battery" });

        var first = await host.PostAsync("sign-up", body, ("Idempotency-Key", key));
        var again = await host.PostAsync("sign-up", body, ("Idempotency-Key", key));
        var other = await host.PostAsync("sign-up", new { email = "lost@example.com", password = "correct horse batteries" }, ("Idempotency-Key", key));
        var unkeyed = await host.PostAsync("sign-up", body);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.StatusCode, again.StatusCode));
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(first.Headers.GetValues("Set-Cookie"), again.Headers.GetValues("Set-Cookie"));
        Assert.True(again.Headers.Contains("Idempotency-Replayed"));
        await other.IsProblemAsync(HttpStatusCode.Conflict, "IDEMPOTENCY_MISMATCH", "auth");
        await unkeyed.IsProblemAsync(HttpStatusCode.Conflict, "EMAIL_IN_USE", "auth");
        clock.Advance(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(1));
        await (await host.PostAsync("sign-up", body, ("Idempotency-Key", key))).IsProblemAsync(HttpStatusCode.Conflict, "EMAIL_IN_USE", "auth");
    }

    [Fact]
    public async Task What_is_kept_of_a_sign_up_gives_neither_its_tokens_nor_its_password_away()
    {
        var (key, body) = ("0198c0de000070008000000000000002", """{"email":"kept@example.com","password":"correct horse battery"}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/auth/sign-up") { Content = Answers.Json(body) };
        request.Headers.Add("Idempotency-Key", key);
        var refresh = (await (await host.Client.SendAsync(request)).JsonAsync()).GetProperty("refresh_token").GetString()!;

        var stored = Encoding.Latin1.GetString(await db.ScalarAsync<byte[]>($"select body from idempotent_answers where key = '{key}'"));
        var hash = await db.ScalarAsync<byte[]>($"select request_hash from idempotent_answers where key = '{key}'");

        Assert.DoesNotContain(refresh, stored, StringComparison.Ordinal);
        Assert.DoesNotContain("token", stored, StringComparison.Ordinal);
        Assert.NotEqual(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes("POST /api/v1/auth/sign-up\n" + body)), hash);
    }

    [Fact]
    public async Task Who_is_not_signed_in_has_a_key_that_nobody_guesses() =>
        await (await host.PostAsync("sign-up", new { email = "short@example.com", password = "correct horse battery" }, ("Idempotency-Key", "my-sign-up"))).IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "auth");

    [Fact]
    public async Task The_secret_of_a_second_factor_is_told_again_until_it_counts()
    {
        var person = await Person.SignUpAsync(host, "factor@example.com");
        await person.VerifyAsync(db);
        var first = await StartAsync(person);
        var again = await StartAsync(person);
        var secret = first.GetProperty("secret").GetString()!;

        Assert.Equal(secret, again.GetProperty("secret").GetString());
        var code = Eco2.Auth.SecondFactor.Totp.CodeAt(Person.Decode(secret), Eco2.Auth.SecondFactor.Totp.StepAt(clock.GetUtcNow()));
        Assert.Equal(HttpStatusCode.OK, (await person.PostAsync("totp/confirm", new { code })).StatusCode);
        Assert.Equal("SECOND_FACTOR_ON", (await StartAsync(person)).GetProperty("code").GetString());
    }

    private async Task<System.Text.Json.JsonElement> StartAsync(Person person)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/auth/totp") { Content = JsonContent.Create(new { password = Person.Password }) };
        request.Headers.Add("X-User-Id", person.Id.ToString());
        request.Headers.Add("X-Session-Id", person.Session.ToString());
        request.Headers.Add("Idempotency-Key", "the-factor");
        return await (await host.Client.SendAsync(request)).JsonAsync();
    }

    private async Task<long> KeysAsync()
    {
        await using var count = db.CreateCommand($"select count(*) from api_keys where user_id = '{user}'");
        return (long)(await count.ExecuteScalarAsync())!;
    }

    private async Task<string> SignUpAsync(string email)
    {
        var answer = await host.Client.PostAsJsonAsync("/api/v1/auth/sign-up", new { email, password = "correct horse battery" });
        return (await answer.JsonAsync()).GetProperty("user_id").GetString()!;
    }

    private Task<HttpResponseMessage> PostAsync(string who, string key, object body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/auth/keys") { Content = JsonContent.Create(body) };
        request.Headers.Add("X-User-Id", who);
        request.Headers.Add("X-Session-Id", Guid.CreateVersion7().ToString());
        request.Headers.Add("Idempotency-Key", key);
        return host.Client.SendAsync(request);
    }
}
