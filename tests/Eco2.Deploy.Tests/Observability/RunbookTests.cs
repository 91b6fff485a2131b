using System.Text.RegularExpressions;
using Eco2.Deploy.Tests.Compose;
using Eco2.Deploy.Tests.Kubernetes;
using Eco2.Testing;
using Xunit;

namespace Eco2.Deploy.Tests.Observability;

/// <summary>Commands of docs/operations.md and deploy/backup.md, against what is deployed: whoever types them at night finds what they name. Words in capitals are theirs to fill in.</summary>
[Collection("logins")]
public sealed partial class RunbookTests
{
    private static readonly string[] Ours = [File.ReadAllText(Path.Combine(Checkout.Root, "docs/operations.md")), File.ReadAllText(Path.Combine(Checkout.Root, "deploy/backup.md"))];

    /// <summary>Blocks, indented lines and what stands between backticks.</summary>
    private static readonly IReadOnlyList<string> Commands = [.. Ours.SelectMany(text => Code().Matches(text)).Select(match => match.Groups["code"].Value.Trim())];

    [Fact]
    public void What_kubectl_is_asked_about_is_in_the_cluster()
    {
        // The servers are in the cluster in one overlay only.
        var there = Overlay.Load("production").Objects.Concat(Overlay.Load("local").Of("StatefulSet")).Select(o => o.Id.ToLowerInvariant()).ToHashSet(StringComparer.Ordinal);
        var named = Commands.SelectMany(command => Named().Matches(command)).Select(match => $"{match.Groups["kind"].Value}/{match.Groups["name"].Value}").Distinct().ToList();

        Assert.True(named.Count >= 7, string.Join(", ", named));
        Assert.Empty(named.Except(there));
    }

    [Fact]
    public void Labels_are_those_of_pods_and_containers_are_theirs()
    {
        var apps = Overlay.Load("production").Apps;
        var labels = Commands.SelectMany(command => Label().Matches(command)).Select(match => match.Groups["label"].Value).Distinct().ToList();

        Assert.NotEmpty(labels);
        Assert.All(labels, label => Assert.All(apps, app => Assert.Equal(app.Name, app.PodLabels[label])));
        // "daprd" comes from Dapr's injector.
        Assert.All(apps, app => Assert.Equal("app", app.Containers.First()["name"].Text));
        var asked = Commands.Select(command => Logs().Match(command)).Where(match => match.Success).ToList();
        Assert.NotEmpty(asked);
        Assert.All(asked, match => Assert.True(match.Groups["app"].Value == "APP" || apps.Any(app => app.Name == match.Groups["app"].Value), match.Value));
        Assert.All(asked, match => Assert.Contains(match.Groups["container"].Value, (string[])["", "app", "daprd"]));
    }

    /// <summary>The Ingress lets people's paths in, and no probe.</summary>
    [Fact]
    public void What_is_asked_from_outside_is_let_in()
    {
        var paths = Overlay.Load("production").Of("Ingress").SelectMany(ingress => ingress.Spec["rules"].Items).SelectMany(rule => rule["http/paths"].Items).Select(path => (Path: path["path"].Text, Exact: path["pathType"].Text == "Exact")).ToList();
        var asked = Commands.SelectMany(command => Outside().Matches(command)).Select(match => match.Groups["path"].Value).ToList();

        Assert.True(asked.Count >= 4, string.Join(", ", asked));
        Assert.All(asked, path => Assert.True(paths.Exists(open => open.Exact ? path == open.Path : path.StartsWith(open.Path + "/", StringComparison.Ordinal)), path));
    }

    [Fact]
    public void Composes_services_are_there()
    {
        var services = ComposeProject.Load().Services.Keys;
        var named = Commands.SelectMany(command => Service().Matches(command)).Select(match => match.Groups["service"].Value).Where(name => !name.Contains("APP", StringComparison.Ordinal)).Distinct().ToList();

        Assert.True(named.Count >= 3, string.Join(", ", named));
        Assert.Empty(named.Except(services));
    }

    [Fact]
    public async Task PostgreSQL_understands_its_statements()
    {
        var database = await PostgresCluster.CreateDatabaseAsync();
        Assert.All(await DatabaseTests.MigrateAsync(database, Overlay.Load("production").Find("Job", "migrations")!.Containers), exit => Assert.Equal(0, exit));
        var statements = Commands.Where(command => Statement().IsMatch(command)).ToList();

        Assert.True(statements.Count >= 3, string.Join("; ", statements));
        Assert.All(statements, statement => Assert.Null(Record.Exception(() => DatabaseTests.ReadAsync(database, "explain " + statement).GetAwaiter().GetResult())));
    }

    [Fact]
    public async Task Eco2_has_the_commands_and_options()
    {
        var typed = Commands.SelectMany(command => Eco2().Matches(command)).Select(match => match.Groups["rest"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(words => words[0] is not ("test" or "up")).ToList();

        Assert.True(typed.Count >= 6, $"{typed.Count}");
        foreach (var words in typed)
        {
            var command = words.TakeWhile(word => CommandWord().IsMatch(word)).ToArray();
            var (exit, help) = await EcoRun.RunAsync("dotnet", [EcoRun.Command, .. command, "--help"]);
            Assert.True(exit == 0 && help.Contains("Eco2.Cli " + string.Join(' ', command), StringComparison.OrdinalIgnoreCase), $"{string.Join(' ', words)}: {help}");
            Assert.All(words.Where(word => word.StartsWith("--", StringComparison.Ordinal)), option => Assert.Contains(option, help, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Settings_are_those_of_the_apps()
    {
        var sources = string.Concat(((string[])["services", "workflows"]).SelectMany(folder => Directory.GetFiles(Path.Combine(Checkout.Root, folder), "*Options.cs", SearchOption.AllDirectories)).Select(File.ReadAllText));
        var settings = Ours.SelectMany(text => Setting().Matches(text)).Select(match => match.Groups["name"].Value).Distinct().ToList();

        Assert.True(settings.Count >= 4, string.Join(", ", settings));
        Assert.All(settings, name => Assert.Matches($@"\b{name}\b", sources));
    }

    [Fact]
    public void Links_within_the_page_lead_somewhere()
    {
        var headings = Heading().Matches(Ours[0]).Select(match => match.Groups["text"].Value.ToLowerInvariant().Replace(' ', '-')).ToHashSet(StringComparer.Ordinal);

        Assert.All(Anchor().Matches(Ours[0]), match => Assert.Contains(match.Groups["to"].Value, headings));
    }

    [GeneratedRegex(@"```sh \w[\w-]*\n(?<code>[\s\S]*?)```|^    (?<code>\S.*)$|`(?<code>[^`\n]+)`", RegexOptions.Multiline)]
    private static partial Regex Code();

    [GeneratedRegex(@"(?<=kubectl[^|;]* )(?<kind>deployment|statefulset|rollout|configmap|scaledobject|job)[ /](?!status|restart|abort)(?<name>[a-z][a-z-]+)(?![\w$/])")]
    private static partial Regex Named();

    [GeneratedRegex(@"-l ""?(?<label>[\w./-]+)=")]
    private static partial Regex Label();

    [GeneratedRegex(@"^logs (?<app>[\w-]+)(?: (?<container>[a-z]+))?")]
    private static partial Regex Logs();

    [GeneratedRegex(@"(?:https://HOST|\$URL)(?<path>/[\w./-]+)")]
    private static partial Regex Outside();

    [GeneratedRegex(@"docker compose (?:exec|logs|up|restart|stop)(?: -\w+| --\w+| \d+h)* (?<service>[\w-]+)")]
    private static partial Regex Service();

    [GeneratedRegex(@"^(?:select|update|delete|insert) ")]
    private static partial Regex Statement();

    [GeneratedRegex(@"\./eco2 (?<rest>[^|#;&]+)")]
    private static partial Regex Eco2();

    [GeneratedRegex("^[a-z][a-z-]*$")]
    private static partial Regex CommandWord();

    [GeneratedRegex(@"\b(?:Scan|Models|Auth|Worker|Edge)__(?:\w+__)*(?<name>[A-Z][A-Za-z]+)\b")]
    private static partial Regex Setting();

    [GeneratedRegex(@"^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\]\(#(?<to>[^)]+)\)")]
    private static partial Regex Anchor();
}
