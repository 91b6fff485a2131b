using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using Xunit;

namespace EmbeddedSidecar.Tests.Bindings;

/// <summary>bindings.smtp: what the mail server hears.</summary>
public sealed class SmtpTests : IDisposable
{
    private static readonly HttpClient Http = new();
    private readonly TcpListener _listener = new(IPAddress.Any, 0);

    public SmtpTests() => _listener.Start();

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Mail_reaches_the_server_as_html_with_its_subject_in_any_language()
    {
        var received = ReceiveAsync();
        await using var sidecar = await StartAsync("emailFrom: Eco <noreply@eco2.test>");

        var (status, _) = await SendAsync(sidecar, """{"emailTo":"a@x.test;b@x.test;a@x.test","subject":"분리배출\r\nBcc: evil@x.test"}""", "<b>안녕</b>");
        var mail = await received.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(HttpStatusCode.NoContent, status);
        Assert.Equal(2, mail.Split("RCPT TO:<").Length - 1);
        Assert.Contains("RCPT TO:<b@x.test>", mail, StringComparison.Ordinal);
        Assert.Contains("MAIL FROM:<noreply@eco2.test>", mail, StringComparison.Ordinal);
        Assert.Contains("X-Priority: 3", mail, StringComparison.Ordinal);
        Assert.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes("<b>안녕</b>")), mail, StringComparison.Ordinal);
        Assert.DoesNotContain("\nBcc", mail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("AUTH PLAIN LOGIN", "AUTH PLAIN AHUAcA==")]
    [InlineData("AUTH LOGIN XOAUTH2", "AUTH LOGIN dQ== cA==")]
    [InlineData("AUTH PLAIN CRAM-MD5", "AUTH CRAM-MD5 *")]
    public async Task A_login_goes_the_way_the_server_offers_and_not_at_all_where_it_offers_none(string offer, string expected)
    {
        var received = ReceiveAsync(offer);
        await using var sidecar = await StartAsync("user: u", "password: p", "emailFrom: f@x.test");

        var (status, _) = await SendAsync(sidecar, """{"emailTo":"a@x.test","subject":"s"}""");
        var lines = (await received.WaitAsync(TimeSpan.FromSeconds(10))).Split('\n').SkipWhile(line => !line.StartsWith("EHLO", StringComparison.Ordinal)).Skip(1);

        Assert.Equal(HttpStatusCode.NoContent, status);
#pragma warning disable CA5351 // The way of the server's choice.
        var digest = Convert.ToHexStringLower(HMACMD5.HashData("p"u8, "<1@test>"u8));
#pragma warning restore CA5351
        Assert.Equal(
            expected.Replace("*", Convert.ToBase64String(Encoding.UTF8.GetBytes($"u {digest}")), StringComparison.Ordinal),
            string.Join(' ', lines.TakeWhile(line => !line.StartsWith("MAIL", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task A_password_is_not_told_over_a_plain_connection_to_somewhere_else()
    {
        var received = ReceiveAsync("AUTH PLAIN");
        await using var sidecar = await StartAsync("user: u", "password: p", "emailFrom: f@x.test", "host: 127.0.0.2");

        var (status, body) = await SendAsync(sidecar, """{"emailTo":"a@x.test","subject":"s"}""");

        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains("error from smtp binding, sending email failed: unencrypted connection", body, StringComparison.Ordinal);
        Assert.DoesNotContain("AUTH", await received.WaitAsync(TimeSpan.FromSeconds(10)), StringComparison.Ordinal);
    }

    // As with daprd, which writes them into the component's own settings.
    [Fact]
    public async Task What_one_request_says_is_what_the_next_one_did_not_say()
    {
        await using var sidecar = await StartAsync("emailFrom: f@x.test");
        var first = ReceiveAsync();
        await SendAsync(sidecar, """{"emailTo":"a@x.test","emailCC":"c@x.test","subject":"one","priority":"1"}""");
        await first.WaitAsync(TimeSpan.FromSeconds(10));
        var second = ReceiveAsync();

        var (status, _) = await SendAsync(sidecar, """{"emailTo":"b@x.test"}""");
        var mail = await second.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(HttpStatusCode.NoContent, status);
        Assert.Equal(
            ["RCPT TO:<b@x.test>", "RCPT TO:<c@x.test>", "Subject: one", "X-Priority: 1"],
            mail.Split('\n').Where(line => line.StartsWith("RCPT", StringComparison.Ordinal) || line.StartsWith("Subject", StringComparison.Ordinal) || line.StartsWith("X-Pri", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_mail_that_was_taken_is_sent_though_the_server_hangs_up_then()
    {
        var received = ReceiveAsync(hangsUp: true);
        await using var sidecar = await StartAsync("emailFrom: f@x.test");

        var (status, _) = await SendAsync(sidecar, """{"emailTo":"a@x.test","subject":"s"}""");

        Assert.Equal(HttpStatusCode.NoContent, status);
        await received.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("""{"emailTo":"a@x.test","subject":"s","emailFrom":"한글 <f@x.test>"}""", "invalid address")]
    [InlineData("""{"emailTo":"a@x.test;","subject":"s","emailFrom":"f@x.test"}""", "invalid address")]
    [InlineData("""{"emailTo":"somebody","subject":"s","emailFrom":"f@x.test"}""", "invalid address")]
    [InlineData("""{"emailTo":"a@x.test","subject":"s","emailFrom":"f@x.test","priority":"6"}""", "priority value must be between 1 (highest) and 5 (lowest)")]
    [InlineData("""{"emailTo":"a@x.test","subject":"s"}""", "emailFrom property not supplied in configuration- or request-metadata")]
    [InlineData("""{"emailFrom":"f@x.test","subject":"s"}""", "emailTo property not supplied in configuration- or request-metadata")]
    [InlineData("""{"emailFrom":"f@x.test","emailto":"a@x.test","subject":"s"}""", "emailTo property not supplied in configuration- or request-metadata")]
    [InlineData("""{"emailFrom":"f@x.test","emailTo":"a@x.test"}""", "subject property not supplied in configuration- or request-metadata")]
    public async Task What_is_no_mail_is_refused(string metadata, string why)
    {
        _ = ReceiveAsync();
        await using var sidecar = await StartAsync();

        var (status, body) = await SendAsync(sidecar, metadata);

        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains(why, body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user: u")]
    [InlineData("password: p")]
    [InlineData("priority: 6")]
    [InlineData("priority: high")]
    public async Task Half_a_login_or_a_priority_that_is_none_stops_the_start(string setting) =>
        await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync(setting));

    private async Task<SidecarFixture> StartAsync(params string[] settings)
    {
        string[] host = Array.Exists(settings, setting => setting.StartsWith("host", StringComparison.Ordinal)) ? [] : ["host: 127.0.0.1"];
        return await SidecarFixture.StartAsync(
            SidecarFixture.Component("mail", "bindings.smtp", [.. host, $"port: {((IPEndPoint)_listener.LocalEndpoint).Port}", .. settings]), new AppSettings { AppId = "app" });
    }

    private static async Task<(HttpStatusCode Status, string Body)> SendAsync(SidecarFixture sidecar, string metadata, string html = "x")
    {
        using var content = new StringContent($$"""{"operation":"create","data":"{{html}}","metadata":{{metadata}}}""");
        using var sent = await Http.PostAsync(new Uri(sidecar["app"].HttpEndpoint, "/v1.0/bindings/mail"), content);
        return (sent.StatusCode, await sent.Content.ReadAsStringAsync());
    }

    private async Task<string> ReceiveAsync(string offer = "", bool hangsUp = false)
    {
        using var client = await _listener.AcceptTcpClientAsync();
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream);
        var heard = new StringBuilder();
        var answers = new Queue<string>();
        await Say("220 test");
        var inData = false;
        while (await reader.ReadLineAsync() is { } line)
        {
            heard.Append(line).Append('\n');
            if (inData && line != ".")
            {
                continue;
            }

            inData = line == "DATA";
            switch (line)
            {
                case "AUTH LOGIN":
                    answers = new(["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 ok"]);
                    break;
                case "AUTH CRAM-MD5":
                    answers = new(["334 " + Convert.ToBase64String("<1@test>"u8), "235 ok"]);
                    break;
            }

            await Say(answers.TryDequeue(out var answer) ? answer
                : inData ? "354 go on"
                : line.StartsWith("EHLO", StringComparison.Ordinal) ? (offer.Length > 0 ? $"250-test\r\n250-{offer}\r\n250 8BITMIME" : "250-test\r\n250 8BITMIME")
                : "250 ok");
            if (line == (hangsUp ? "." : "QUIT"))
            {
                break;
            }
        }

        return heard.ToString();

        async Task Say(string text) => await stream.WriteAsync(Encoding.ASCII.GetBytes(text + "\r\n"));
    }
}
