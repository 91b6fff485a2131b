using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Eco2.Deploy.Tests.Compose;
using Eco2.Deploy.Tests.Kubernetes;
using Eco2.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Eco2.Deploy.Tests.Observability;

/// <summary>Who hears of an alert: judged by amtool, and by a real Alertmanager whose receivers are on loopback.</summary>
public sealed partial class AlertmanagerTests
{
    private const string Secrets = "/etc/alertmanager/secrets/alert-receivers";
    private static readonly string Folder = Path.Combine(Checkout.Root, "deploy/observability/alertmanager");
    private static readonly string File = Path.Combine(Folder, "alertmanager.yaml");
    private static readonly string Text = System.IO.File.ReadAllText(File);

    [Fact]
    public void Alertmanager_takes_its_configuration()
    {
        var (exit, said) = Tool.Run("amtool", ["check-config", File], Folder);

        Assert.True(exit == 0, said);
    }

    [Theory]
    [InlineData("severity=page", "on-call")]
    [InlineData("severity=ticket", "tickets")]
    [InlineData("severity=critical", "on-call")]
    [InlineData("severity=info", "nobody")]
    [InlineData("alertname=Watchdog", "nobody")]
    public void An_alert_goes_where_it_should(string labels, string receiver)
    {
        var (exit, said) = Tool.Run("amtool", ["config", "routes", "test", $"--config.file={File}", $"--verify.receivers={receiver}", labels], Folder);

        Assert.True(exit == 0, said);
    }

    [Fact]
    public void What_is_silenced_by_another_alert_exists()
    {
        var rules = Manifest.Read(Text).Single().Root["inhibit_rules"].Items.SelectMany(rule => rule["source_matchers"].Items.Concat(rule["target_matchers"].Items));

        Assert.Empty(rules.SelectMany(matcher => Named().Match(matcher.Text).Groups["names"].Value.Split('|')).Except(Rules.Alerts.Select(alert => alert.Name)));
    }

    [Fact]
    public void Secrets_are_files()
    {
        Assert.Empty(Secret().Matches(Text).Select(match => match.Value));
        var wanted = SecretFile().Matches(Text).Select(match => match.Groups["name"].Value).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(["pagerduty-key", "slack-url", "smtp-password"], wanted);
        Assert.Equal(Secrets, ComposeProject.Load().Services["alertmanager"].Volumes.Single(volume => volume.Source == "./secrets").Target);
        Assert.Equal([".gitignore"], Directory.GetFiles(Path.Combine(ComposeProject.Folder, "secrets")).Select(Path.GetFileName).Where(name => !wanted.Contains(name)));
    }

    /// <summary>The chart's Alertmanager takes the Secret that Kustomize makes of the file, and gets the folder of secrets.</summary>
    [Fact]
    public void The_cluster_gets_the_same()
    {
        var secret = Manifest.Read(Overlay.Render(Folder)).Single();
        var platform = Manifest.Read(System.IO.File.ReadAllText(Path.Combine(Checkout.Root, "deploy/argocd/apps/platform.yaml")));
        var asked = platform.Single(application => application.Name == "prometheus").Spec["source/helm/valuesObject/alertmanager/alertmanagerSpec"];

        Assert.Equal(Text, Encoding.UTF8.GetString(Convert.FromBase64String(secret.Root["data"].Member("alertmanager.yaml").Text)));
        Assert.Equal(("observability", secret.Name), (secret.Root["metadata/namespace"].Text, asked["configSecret"].Text));
        Assert.Equal([Path.GetFileName(Secrets)], asked["secrets"].Items.Select(name => name.Text));
        Assert.Equal("deploy/observability/alertmanager", platform.Single(application => application.Name == "alertmanager").Spec["source/path"].Text);
    }

    [Fact]
    public async Task A_page_rings_and_a_ticket_is_written_and_what_follows_from_another_is_silent()
    {
        await using var receivers = await Receivers.StartAsync();
        using var scratch = new Scratch();
        scratch.Write("slack-url", receivers.Url + "/slack");
        scratch.Write("pagerduty-key", "the-key");
        scratch.Write("smtp-password", "the-password");
        var (port, smtp, mail) = (ChildServer.FreePort(), ChildServer.FreePort(), new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously));
        using var certificate = Certificate();
        scratch.Write("smtp.pem", certificate.ExportCertificatePem());
        using var mailServer = SmtpServer.Start(smtp, mail, certificate);
        var configuration = scratch.Write("alertmanager.yaml", Text.Replace(Secrets, scratch.Path, StringComparison.Ordinal).Replace("group_wait: 30s", "group_wait: 1s", StringComparison.Ordinal)
            .Replace("global:\n", $"global:\n  pagerduty_url: {receivers.Url}/pagerduty\n", StringComparison.Ordinal).Replace("smtp.eco2.example:587", $"127.0.0.1:{smtp}", StringComparison.Ordinal)
            .Replace("      - to: eco2@eco2.example\n", $"      - to: eco2@eco2.example\n        tls_config: {{ ca_file: {scratch.Path}/smtp.pem }}\n", StringComparison.Ordinal));
        await using var server = ChildServer.Start(
            $"prometheus-alertmanager --config.file={configuration} --storage.path={scratch.Path}/data --web.listen-address=127.0.0.1:{port} --cluster.listen-address=", scratch.Path, temporary: false);
        await ChildServer.WaitForPortAsync(port);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

        using var answer = await http.PostAsJsonAsync(
            "/api/v2/alerts", new[] { Alert("AppDown", "page", "scan"), Alert("ReplicaDown", "ticket", "scan"), Alert("ReplicaDown", "ticket", "my"), Alert("Watchdog", "none", "") });
        answer.EnsureSuccessStatusCode();
        await Eventually.TrueAsync(() => receivers.Slack.Count >= 2 && !receivers.PagerDuty.IsEmpty && mail.Task.IsCompleted, "all were told");

        var call = receivers.PagerDuty.Single();
        Assert.Equal(("the-key", "trigger", "AppDown: AppDown of scan"), (call.GetProperty("routing_key").GetString(), call.GetProperty("event_action").GetString(), call.GetProperty("payload").GetProperty("summary").GetString()));
        Assert.Contains("operations.md#appdown", call.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(
            [("#eco2", "FIRING ReplicaDown", "ReplicaDown of my\n"), ("#eco2-on-call", "FIRING AppDown", "AppDown of scan\n")],
            receivers.Slack.Select(said => (said.GetProperty("channel").GetString(), said.GetProperty("attachments")[0].GetProperty("title").GetString(), said.GetProperty("attachments")[0].GetProperty("text").GetString())).Order());
        CheckMail(await mail.Task);
    }

    /// <summary>A mail goes out over TLS alone, to a server whose name is proved, with the user and the password of the file; a page is no mail.</summary>
    private static void CheckMail(string said)
    {
        var secured = said[said.IndexOf("(secured)", StringComparison.Ordinal)..];
        Assert.DoesNotContain("AUTH", said[..^secured.Length], StringComparison.Ordinal);
        Assert.Equal("\0alerts@eco2.example\0the-password", Encoding.UTF8.GetString(Convert.FromBase64String(AuthPlain().Match(secured).Groups["text"].Value)));
        Assert.Contains("MAIL FROM:<alerts@eco2.example>", secured, StringComparison.Ordinal);
        Assert.Contains("RCPT TO:<eco2@eco2.example>", secured, StringComparison.Ordinal);
        Assert.Matches(@"Subject: (\[Eco²\]|=\?utf-8\?q\?\[Eco=C2=B2\]_?)", secured);
        Assert.Contains("ReplicaDown", secured, StringComparison.Ordinal);
        Assert.DoesNotContain("AppDown", secured, StringComparison.Ordinal);
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        var request = new CertificateRequest("CN=mail of tests", key, HashAlgorithmName.SHA256) { CertificateExtensions = { names.Build() } };
        var now = TimeProvider.System.GetUtcNow();
        using var signed = request.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
        // Windows and OpenSSL alike serve a key that came from a file.
        return X509CertificateLoader.LoadPkcs12(signed.Export(X509ContentType.Pkcs12), null);
    }

    private static object Alert(string name, string severity, string app) => new
    {
        labels = new Dictionary<string, string> { ["alertname"] = name, ["severity"] = severity, ["app"] = app },
        annotations = new { summary = $"{name} of {app}", runbook_url = $"https://github.com/example/eco2/blob/main/docs/operations.md#{name.ToLowerInvariant()}" },
    };

    [GeneratedRegex("AUTH PLAIN (?<text>\\S+)")]
    private static partial Regex AuthPlain();

    [GeneratedRegex("alertname =~? \"(?<names>[^\"]+)\"")]
    private static partial Regex Named();

    [GeneratedRegex(@"^\s*(- )?\w*(api_url|password|routing_key|service_key|secret|token): .*", RegexOptions.Multiline)]
    private static partial Regex Secret();

    [GeneratedRegex(Secrets + "/(?<name>[a-z-]+)")]
    private static partial Regex SecretFile();

    private sealed class Receivers(WebApplication app) : IAsyncDisposable
    {
        public string Url => app.Urls.Single();

        public ConcurrentQueue<JsonElement> Slack { get; } = new();

        public ConcurrentQueue<JsonElement> PagerDuty { get; } = new();

        public static async Task<Receivers> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            var receivers = new Receivers(app);
            app.MapPost("/slack", (JsonElement said) => Take(receivers.Slack, said, "ok"));
            app.MapPost("/pagerduty", (JsonElement said) => Take(receivers.PagerDuty, said, "{\"status\":\"success\"}"));
            await app.StartAsync();
            return receivers;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private static IResult Take(ConcurrentQueue<JsonElement> queue, JsonElement said, string answer)
        {
            queue.Enqueue(said);
            return Results.Text(answer, "application/json", statusCode: answer == "ok" ? 200 : 202);
        }
    }
}
