using System.Net;
using System.Net.Sockets;
using System.Text;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.Auth;

/// <summary>Mails through the sidecar: to a folder, to a mailer, and to a mailer that is away.</summary>
public sealed class MailTests : AuthTest
{
    private TestSidecar sidecar = null!;

    private protected override string[] Settings => [.. sidecar.OptionsOf("auth"), "Auth:PublicUrl=https://eco2.example/app/"];

    public override async Task InitializeAsync()
    {
        sidecar = await TestSidecar.StartAsync("auth");
        await base.InitializeAsync();
        await sidecar.AttachAsync("auth", host.Address);
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await sidecar.DisposeAsync();
    }

    [Fact]
    public async Task Signing_up_sends_a_link_that_verifies_the_address_once()
    {
        var person = await Person.SignUpAsync(host, "verify@example.com", ("Accept-Language", "fr, en-GB;q=0.8, ko;q=0.5"));
        var link = (await person.LinksAsync(sidecar.MailFolder, "verify-email", 1))[0];
        var before = (await person.AccountAsync()).GetProperty("email_verified").GetBoolean();

        var verified = await host.PostAsync("email/verify", new { token = link });
        var again = await host.PostAsync("email/verify", new { token = link });
        var reset = await host.PostAsync("password/reset", new { token = link, password = "a battery of staples" });

        Assert.False(before);
        Assert.Equal(HttpStatusCode.NoContent, verified.StatusCode);
        await again.IsProblemAsync(HttpStatusCode.BadRequest, "LINK_INVALID", "auth");
        await reset.IsProblemAsync(HttpStatusCode.BadRequest, "LINK_INVALID", "auth");
        Assert.True((await person.AccountAsync()).GetProperty("email_verified").GetBoolean());
        var html = await File.ReadAllTextAsync(Directory.GetFiles(Path.Combine(sidecar.MailFolder, person.Email)).Single());
        Assert.Contains("<html lang=\"en\">", html, StringComparison.Ordinal);
        Assert.Contains($"https://eco2.example/app/#/verify-email?token={link}", html, StringComparison.Ordinal);
        Assert.Equal(0, await db.ScalarAsync<long>($"select count(*) from one_time_links where encode(hash, 'escape') like '%{link}%'"));
    }

    [Fact]
    public async Task The_link_of_a_newer_mail_makes_the_older_one_void_and_too_late_is_too_late()
    {
        var person = await Person.SignUpAsync(host, "newer@example.com");
        await person.LinksAsync(sidecar.MailFolder, "verify-email", 1);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Accepted, (await person.PostAsync("email/verification", new { })).StatusCode);
        var links = await person.LinksAsync(sidecar.MailFolder, "verify-email", 2);

        await (await host.PostAsync("email/verify", new { token = links[0] })).IsProblemAsync(HttpStatusCode.BadRequest, "LINK_INVALID");
        clock.Advance(TimeSpan.FromHours(25));
        await (await host.PostAsync("email/verify", new { token = links[1] })).IsProblemAsync(HttpStatusCode.BadRequest, "LINK_INVALID");
    }

    [Fact]
    public async Task The_same_link_used_ten_times_at_once_works_once()
    {
        var person = await Person.SignUpAsync(host, "race@example.com");
        var link = (await person.LinksAsync(sidecar.MailFolder, "verify-email", 1))[0];

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.PostAsync("email/verify", new { token = link })));

        Assert.Equal(1, answers.Count(a => a.StatusCode == HttpStatusCode.NoContent));
        Assert.Equal(9, answers.Count(a => a.StatusCode == HttpStatusCode.BadRequest));
        Assert.Equal(1, await db.ScalarAsync<long>($"select count(*) from audit where user_id = '{person.Id}' and kind = 'email_verified'"));
    }

    [Fact]
    public async Task A_reset_ends_every_session_and_what_a_stranger_left_behind()
    {
        var person = await Person.SignUpAsync(host, "reset@example.com", ("Accept-Language", "ko-KR,ko;q=0.9"));
        await using (var link = db.CreateCommand($"insert into social_accounts (id, account_id, provider, provider_user_id) values (gen_random_uuid(), '{person.Id}', 'google', 'a stranger')"))
        {
            await link.ExecuteNonQueryAsync();
        }

        var key = await (await person.PostAsync("keys", new { name = "a stranger's", scopes = new[] { "scan:read" } })).JsonAsync();
        var asked = await host.PostAsync("password/forgot", new { email = " RESET@example.com" });
        var token = (await person.LinksAsync(sidecar.MailFolder, "reset-password", 1))[0];
        var weak = await host.PostAsync("password/reset", new { token, password = "password1" });
        var done = await host.PostAsync("password/reset", new { token, password = "a battery of staples" });
        var again = await host.PostAsync("password/reset", new { token, password = "another battery of staples" });

        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        await weak.IsProblemAsync(HttpStatusCode.UnprocessableEntity, "PASSWORD_BREACHED", "auth");
        Assert.Equal(HttpStatusCode.NoContent, done.StatusCode);
        await again.IsProblemAsync(HttpStatusCode.BadRequest, "LINK_INVALID", "auth");
        await (await host.PostAsync("refresh", new { refresh_token = person.RefreshToken })).IsProblemAsync(HttpStatusCode.Unauthorized, "TOKEN_REVOKED");
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.SignInAsync()).StatusCode);
        await person.TakeAsync(await person.SignInAsync("a battery of staples"));
        var account = await person.AccountAsync();
        Assert.True(account.GetProperty("email_verified").GetBoolean());
        Assert.Equal(0, account.GetProperty("providers").GetArrayLength());
        Assert.Equal(1, await db.ScalarAsync<long>($"select count(*) from api_keys where id = '{key.GetProperty("id").GetString()}' and revoked_at is not null"));
        await Eventually.TrueAsync(() => Directory.GetFiles(Path.Combine(sidecar.MailFolder, person.Email), "*-password-changed-*").Length == 1, "the owner is told");
        Assert.Contains("<html lang=\"ko\">", await File.ReadAllTextAsync(Directory.GetFiles(Path.Combine(sidecar.MailFolder, person.Email), "*-reset-password-*").Single()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_address_is_answered_alike_and_gets_no_mail()
    {
        var person = await Person.SignUpAsync(host, "known@example.com");

        var known = await host.PostAsync("password/forgot", new { email = "known@example.com" });
        var unknown = await host.PostAsync("password/forgot", new { email = "unknown@example.com" });
        await person.LinksAsync(sidecar.MailFolder, "reset-password", 1);
        await Eventually.TrueAsync(async () => await db.ScalarAsync<long>("select count(*) from mails") == 0, "the queue is empty");

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (known.StatusCode, unknown.StatusCode));
        Assert.Equal(await known.Content.ReadAsStringAsync(), await unknown.Content.ReadAsStringAsync());
        Assert.Equal(known.Headers.Select(h => h.Key), unknown.Headers.Select(h => h.Key));
        Assert.False(Directory.Exists(Path.Combine(sidecar.MailFolder, "unknown@example.com")));
    }

    [Fact]
    public async Task Asking_again_and_again_neither_floods_the_mailbox_nor_voids_the_newest_link()
    {
        var person = await Person.SignUpAsync(host, "flood@example.com");

        for (var i = 0; i < 20; i++)
        {
            var address = $"203.0.113.{i}";
            Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("password/forgot", new { email = person.Email }, ("X-Client-Address", address))).StatusCode);
            clock.Advance(TimeSpan.FromMilliseconds(10));
        }

        await Eventually.TrueAsync(async () => await db.ScalarAsync<long>("select count(*) from mails") == 0, "the queue is empty");
        var links = await person.LinksAsync(sidecar.MailFolder, "reset-password", 1);
        Assert.InRange(links.Count, 1, 5);
        var used = new List<HttpStatusCode>();
        foreach (var token in links)
        {
            used.Add((await host.PostAsync("password/reset", new { token, password = "a battery of staples" })).StatusCode);
        }

        Assert.Single(used, HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_mailer_that_is_away_loses_nothing_and_delays_no_answer()
    {
        // A closed port: what is sent there is refused.
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        await using var mailer = await TestSidecar.StartWithMailerAsync(Smtp(port), "auth");
        var (app, data) = await AuthApp.StartAsync(clock, mailer.OptionsOf("auth"));
        await using var _ = app;
        await using var __ = data;
        await mailer.AttachAsync("auth", app.Address);
        await Person.SignUpAsync(app, "later@example.com", ("Accept-Language", "en"));
        await Eventually.TrueAsync(async () => await data.ScalarAsync<int>("select max(attempts) from mails") >= 1, "it was tried");

        var received = new TaskCompletionSource<string>();
        using var server = SmtpServer.Start(port, received);
        // The clock stands still, and with it the pause after a failure.
        var mail = "";
        await Eventually.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(10));
                return received.Task.IsCompletedSuccessfully;
            },
            "the mail arrived",
            TimeSpan.FromSeconds(60));
        mail = await received.Task;
        await Eventually.TrueAsync(async () => await data.ScalarAsync<long>("select count(*) from mails") == 0, "the queue is empty");

        Assert.Contains("RCPT TO:<later@example.com>", mail, StringComparison.Ordinal);
        Assert.Contains("Subject: =?UTF-8?B?", mail, StringComparison.Ordinal);
        var html = Encoding.UTF8.GetString(Convert.FromBase64String(mail[(mail.IndexOf("\n\n", StringComparison.Ordinal) + 2)..].Split("\n.\n")[0].ReplaceLineEndings("")));
        Assert.Contains("/#/verify-email?token=", html, StringComparison.Ordinal);
    }

    private static string Smtp(int port) =>
        $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: mail }
        spec:
          type: bindings.smtp
          version: v1
          metadata:
            - { name: host, value: 127.0.0.1 }
            - { name: port, value: "{{port}}" }
            - { name: emailFrom, value: noreply@eco2.example }
            - { name: direction, value: output }
        """;
}
