using System.Net;
using System.Net.Http.Json;
using Eco2.Auth.Mail;
using Eco2.Contracts.Auth;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Auth;

/// <summary>What must be in the audit is there once, written by the transaction that did it, and a repeat that does nothing tells nothing.</summary>
public sealed class AuditDeedTests : AuthTest
{
    private const string Pool = "https://pool.example";
    private const string New = "a battery of staples";
    private Person person = null!;

    private protected override string[] Settings => [$"Edge:Issuers:0:Issuer={Pool}", "Edge:Issuers:0:Audience=x"];

    /// <param name="Kind">Of the entry.</param>
    /// <param name="Act">What is done, and what was necessary before.</param>
    /// <param name="Effect">The row that was written with the entry; null where nothing else happens.</param>
    /// <param name="Repeat">A repeat that has no effect.</param>
    private sealed record Deed(string Kind, Func<AuditDeedTests, Task> Act, string? Effect = null, Func<AuditDeedTests, Task>? Repeat = null);

    private static readonly Dictionary<string, Deed> Deeds = new()
    {
        ["sign up"] = new("signed_in", t => t.host.PostAsync("sign-up", new { email = "new@example.com", password = Person.Password }), "sessions where account_id = (select id from accounts where email = 'new@example.com')",
            t => t.host.PostAsync("sign-up", new { email = "new@example.com", password = Person.Password })),
        ["sign in"] = new("signed_in", t => t.person.SignInAsync(), "sessions where account_id = '{id}' and id <> '{sid}'"),
        ["wrong password"] = new("sign_in_refused", t => t.person.SignInAsync("wrong horse")),
        ["nobody's password"] = new("sign_in_refused", t => t.host.PostAsync("sign-in", new { email = "nobody@example.com", password = "wrong horse" })),
        ["second factor on"] = new("second_factor_changed", t => t.OnAsync(), "accounts where id = '{id}'"),
        ["second factor shown"] = new("signed_in", async t => await t.AnswerAsync(t.person.Code(t.clock)), "sessions where account_id = '{id}' and id <> '{sid}'"),
        ["backup code shown"] = new("second_factor_changed", async t => await t.AnswerAsync(t.person.BackupCodes[0]), "backup_codes where account_id = '{id}' and used_at is not null"),
        ["wrong second factor"] = new("sign_in_refused", async t => await t.AnswerAsync("000000")),
        ["new backup codes"] = new("second_factor_changed", async t => await t.person.PostAsync("totp/backup-codes", new { code = await t.NextCodeAsync() }), "backup_codes where account_id = '{id}' limit 1"),
        ["second factor off"] = new("second_factor_changed", async t => await t.person.SendAsync(HttpMethod.Delete, "totp", new { code = await t.NextCodeAsync() }), "accounts where id = '{id}'"),
        ["wrong code for a change"] = new("proof_refused", async t => await t.person.SendAsync(HttpMethod.Delete, "totp", new { code = await t.NextCodeAsync() is null ? "" : "000000" })),
        ["password changed"] = new("password_changed", t => t.person.SendAsync(HttpMethod.Put, "password", new { current_password = Person.Password, new_password = New }), "accounts where id = '{id}'"),
        ["wrong password for a change"] = new("proof_refused", t => t.person.SendAsync(HttpMethod.Put, "password", new { current_password = "wrong horse", new_password = New })),
        ["password reset"] = new("password_changed", t => t.UseLinkAsync(OneTimeLinks.ResetPassword, "password/reset"), "accounts where id = '{id}'"),
        ["address shown by a reset"] = new("email_verified", t => t.UseLinkAsync(OneTimeLinks.ResetPassword, "password/reset"), "accounts where id = '{id}'"),
        ["provider lost by a reset"] = new("provider_unlinked", async t => { await t.LinkAsync(); await t.UseLinkAsync(OneTimeLinks.ResetPassword, "password/reset"); }, "accounts where id = '{id}'"),
        ["address verified"] = new("email_verified", t => t.UseLinkAsync(OneTimeLinks.VerifyEmail, "email/verify"), "accounts where id = '{id}'", t => t.UseLinkAsync(OneTimeLinks.VerifyEmail, "email/verify")),
        ["signed out"] = new("signed_out", t => t.person.PostAsync("logout", new { }), "sessions where id = '{sid}'", t => t.person.PostAsync("logout", new { })),
        ["signed out everywhere"] = new("signed_out", t => t.person.PostAsync("logout-all", new { }), "sessions where id = '{sid}'", t => t.person.PostAsync("logout-all", new { })),
        ["session ended"] = new("signed_out", t => t.person.SendAsync(HttpMethod.Delete, $"sessions/{t.person.Session}"), "sessions where id = '{sid}'", t => t.person.SendAsync(HttpMethod.Delete, $"sessions/{t.person.Session}")),
        ["refresh token used twice"] = new("signed_out", async t => { await t.RefreshAsync(); await t.RefreshAsync(); }, "sessions where id = '{sid}'", t => t.RefreshAsync()),
        ["key made"] = new("key_made", t => t.KeyAsync(), "api_keys where user_id = '{id}'"),
        ["key used"] = new("key_used", async t => await t.CheckAsync(await t.KeyAsync()), "api_keys where user_id = '{id}'"),
        ["key revoked"] = new("key_revoked", async t => { await t.KeyAsync(); await t.RevokeAsync(); }, "api_keys where user_id = '{id}'", t => t.RevokeAsync()),
        ["provider taken away"] = new("provider_unlinked", async t => { await t.LinkAsync(); await t.UnlinkAsync(); }, null, t => t.UnlinkAsync()),
        ["somebody of an issuer"] = new("provider_linked", t => t.SubjectAsync(), "accounts where email is null", t => t.SubjectAsync()),
        ["signing keys rotated by an admin"] = new("signing_key_rotated", t => t.RotateAsync(), "signing_keys order by active_from desc limit 1", t => t.RotateAsync()),
        ["account closed"] = new("signed_out", t => t.host.Client.PutAsync(new Uri($"/internal/users/{t.person.Id}/closed", UriKind.Relative), null), "accounts where id = '{id}'", t => t.host.Client.PutAsync(new Uri($"/internal/users/{t.person.Id}/closed", UriKind.Relative), null)),
        ["account erased"] = new("account_erased", t => t.EraseAsync(), "erased_users where user_id = '{id}'", t => t.EraseAsync()),
    };

    public static TheoryData<string> Names => [.. Deeds.Keys];

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        person = await Person.SignUpAsync(host, "deeds@example.com");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_is_told_once_with_its_effect(string name)
    {
        var deed = Deeds[name];
        // The second factor is switched on before what uses it, and that is told too.
        if (name is "second factor shown" or "backup code shown" or "wrong second factor" or "new backup codes" or "second factor off" or "wrong code for a change")
        {
            await OnAsync();
        }

        var before = await CountAsync(deed.Kind);
        await deed.Act(this);
        Assert.Equal(before + 1, await CountAsync(deed.Kind));
        if (deed.Effect is { } effect)
        {
            var of = effect.Replace("{id}", person.Id.ToString(), StringComparison.Ordinal).Replace("{sid}", person.Session.ToString(), StringComparison.Ordinal);
            Assert.True(
                await db.ScalarAsync<bool>($"select (select xmin::text from {of}) = (select xmin::text from audit where kind = '{deed.Kind}' order by seq desc limit 1)"),
                "The entry and its effect were written by different transactions.");
        }

        if (deed.Repeat is { } repeat)
        {
            await repeat(this);
            Assert.Equal(before + 1, await CountAsync(deed.Kind));
        }

        if (deed.Kind == "signing_key_rotated")
        {
            Assert.Equal(person.Id, await db.ScalarAsync<Guid>("select actor_id from audit where kind = 'signing_key_rotated'"));
        }
    }

    private Task<long> CountAsync(string kind) => db.ScalarAsync<long>($"select count(*) from audit where kind = '{kind}'");

    private async Task OnAsync()
    {
        await person.TurnSecondFactorOnAsync(db, clock);
        clock.Advance(TimeSpan.FromSeconds(30));
    }

    private async Task AnswerAsync(string code) => await person.AnswerAsync(await person.ChallengeAsync(), code);

    private Task<string> NextCodeAsync() => Task.FromResult(person.Code(clock));

    private async Task UseLinkAsync(string purpose, string path)
    {
        var token = await OneTimeLinks.MakeAsync(host.Services.GetRequiredService<NpgsqlDataSource>(), person.Id, purpose, clock.GetUtcNow(), CancellationToken.None);
        object body = purpose == OneTimeLinks.ResetPassword ? new { token, password = New } : new { token };
        Assert.Equal(HttpStatusCode.NoContent, (await host.PostAsync(path, body)).StatusCode);
    }

    private Task<HttpResponseMessage> RefreshAsync() => host.PostAsync("refresh", new { refresh_token = person.RefreshToken });

    private async Task<string> KeyAsync() => (await (await person.PostAsync("keys", new { name = "a", scopes = new[] { "scan:read" } })).JsonAsync()).GetProperty("key").GetString()!;

    private Task<HttpResponseMessage> CheckAsync(string key) => host.Client.PostAsJsonAsync("/internal/keys/check", new CheckApiKey(key), Eco2.Contracts.ContractsJson.Default.Options);

    private async Task RevokeAsync() => await person.SendAsync(HttpMethod.Delete, $"keys/{await db.ScalarAsync<Guid>("select id from api_keys")}");

    private async Task LinkAsync()
    {
        await using var link = db.CreateCommand($"insert into social_accounts (id, account_id, provider, provider_user_id, linked_at) values (gen_random_uuid(), '{person.Id}', 'google', '1', now())");
        await link.ExecuteNonQueryAsync();
    }

    private Task<HttpResponseMessage> UnlinkAsync() => person.SendAsync(HttpMethod.Delete, "google/link");

    private Task<HttpResponseMessage> SubjectAsync() => host.Client.PostAsJsonAsync("/internal/issuers/subject", new { issuer = Pool, subject = "1" });

    private async Task RotateAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/auth/signing-keys");
        request.Headers.Add("X-User-Id", person.Id.ToString());
        request.Headers.Add("X-User-Roles", "user,admin");
        (await host.Client.SendAsync(request)).EnsureSuccessStatusCode();
    }

    private async Task EraseAsync() => (await host.Client.DeleteAsync(new Uri($"/internal/users/{person.Id}/data", UriKind.Relative))).EnsureSuccessStatusCode();
}
