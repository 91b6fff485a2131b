using System.Text.RegularExpressions;
using Eco2.Testing;

namespace Eco2.Architecture.Tests.Targets;

/// <summary>Which components the code of each app names.</summary>
internal static partial class CodeNames
{
    // Nothing sends mail yet; the targets are ready for auth to.
    private static readonly (string Component, string App)[] Promised = [("mail", "auth")];

    private static readonly Dictionary<string, string> Contracts = Sources(Path.Combine(Checkout.Root, "contracts"))
        .SelectMany(file => TypeWithName().Matches(File.ReadAllText(file)))
        .ToDictionary(match => $"{match.Groups["type"].Value}.{match.Groups["constant"].Value}", match => match.Groups["name"].Value);

    public static IReadOnlyList<string> Apps { get; } = [.. RunFile().Apps.Select(app => app.AppID)];

    /// <summary>Every pair that the code, the subscriptions and the runtime make necessary.</summary>
    public static IEnumerable<(string Component, string App)> NeededIn(Target target) => [
        .. RunFile().Apps.SelectMany(app => NamedIn(app).Select(component => (component, app.AppID))),
        .. target.Subscriptions.SelectMany(s => s.Scopes.Select(app => (s.Spec.PubsubName, app))),
        // A tick of the clock comes to the route of the component's name.
        .. target.Components.Where(c => c.Spec.Type == "bindings.cron").SelectMany(c => RunFile().Apps.Where(app => Text(app).Contains($"MapPost(\"/{c.Name}\"", StringComparison.Ordinal)).Select(app => (c.Name, app.AppID))),
        .. Promised];

    private static IEnumerable<string> NamedIn(RunApp app)
    {
        var text = Text(app);
        foreach (var (constant, name) in Contracts)
        {
            if (Regex.IsMatch(text, $@"\b{Regex.Escape(constant)}\b"))
            {
                yield return name;
            }
        }

        foreach (var own in OwnName().Matches(text).Select(match => match.Groups["name"].Value))
        {
            yield return own;
        }

        if (HostsActors().IsMatch(text))
        {
            yield return "workflow";
        }
    }

    private static string Text(RunApp app) =>
        string.Concat(Folders(app).SelectMany(Sources).Select(File.ReadAllText));

    private static IEnumerable<string> Folders(RunApp app)
    {
        yield return Path.GetFullPath(Path.Combine(Checkout.Root, app.AppDirPath));
        // Who stands at the door shares the code that decides.
        if (app.AppID is "gateway" or "auth")
        {
            yield return Path.Combine(Checkout.Root, "services/Eco2.Edge");
        }
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.GetFiles(folder, "*.*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) || (file.EndsWith(".ts", StringComparison.Ordinal) && !file.Contains("/node_modules/", StringComparison.Ordinal)));

    private static RunFileYaml RunFile() => Yaml.Glance<RunFileYaml>(File.ReadAllText(Path.Combine(Checkout.Root, "dapr.yaml")));

    [GeneratedRegex(@"(?:record|class) (?<type>\w+)(?:(?!\n(?:public|internal) )[\s\S])*?const string (?<constant>Store|PubSub|Binding|SecretStore|LockStore) = ""(?<name>[\w-]+)""")]
    private static partial Regex TypeWithName();

    [GeneratedRegex(@"const (?:string )?(?:Store|PubSub|Binding|SecretStore|LockStore) = ""(?<name>[\w-]+)""")]
    private static partial Regex OwnName();

    [GeneratedRegex(@"\bAddDaprWorkflow\(|\bAddActors\(")]
    private static partial Regex HostsActors();

    private sealed record RunFileYaml
    {
        public List<RunApp> Apps { get; init; } = [];
    }

    private sealed record RunApp
    {
        public string AppID { get; init; } = "";

        public string AppDirPath { get; init; } = "";
    }
}
