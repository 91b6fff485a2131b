using System.Text.RegularExpressions;
using Eco2.Testing;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>Who calls whom: by the code, by the access control of Dapr and by the network policies it must be the same.</summary>
internal static partial class AccessRules
{
    private static readonly string Edge = System.IO.Path.Combine(Checkout.Root, "services/Eco2.Edge");

    /// <summary>Every call in the code of the apps: caller, callee, verb and path; one without a path says only who calls whom.</summary>
    public static IReadOnlyList<(string From, string To, string? Call)> Calls { get; } = [.. DaprFile.Apps.SelectMany(app => Directory.GetFiles(app.Folder, "*.cs", SearchOption.AllDirectories)
        // auth shares the edge's code and calls itself with it, which no access control sees.
        .Concat(app.Id == "gateway" ? Directory.GetFiles(Edge, "*.cs", SearchOption.AllDirectories) : [])
        .SelectMany(file => CallsIn(app.Id, File.ReadAllText(file)))).Distinct()];

    /// <summary>Who calls whose actors. Access control does not see such calls, the network does.</summary>
    public static IReadOnlyList<(string From, string To)> ActorCalls { get; } = [.. (
        from host in DaprFile.Apps
        from type in TypesIn(host.Folder, HostedActor())
        from caller in DaprFile.Apps
        where TypesIn(caller.Folder, CalledActor()).Contains(type)
        select (caller.Id, host.Id)).Distinct()];

    public static IEnumerable<string> Complaints(Overlay overlay)
    {
        var wanted = Calls.Where(call => !call.To.Contains('|')).Select(call => (call.From, call.To)).ToHashSet();
        // The replicas of the app that hosts workflows talk to each other, as actors, which access control does not see.
        var network = wanted.Append(("worker", "worker")).Concat(ActorCalls).ToHashSet();
        return [
            .. Differences("access control", wanted, Allowed(overlay)),
            .. Differences("what its callee lets in", network, Network(overlay, "ingress", "from", incoming: true)),
            .. Differences("what its caller lets out", network, Network(overlay, "egress", "to", incoming: false)),
            .. Calls.Where(call => call.Call is not null && !call.To.Split('|').Any(to => IsAllowed(overlay, call.From, to, call.Call))).Select(call => $"{call.From} may not {call.Call} of {call.To}"),
            .. overlay.Of("Configuration").SelectMany(callee => callee.Spec["accessControl/policies"].Items.SelectMany(policy => Hidden(policy).Select(path => $"{callee.Name}: {path} is hidden by a shorter operation")))];
    }

    private static IEnumerable<(string From, string To, string? Call)> CallsIn(string app, string text)
    {
        foreach (var callee in Client().Matches(text).Select(match => match.Groups["app"].Value))
        {
            yield return (app, callee, null);
        }

        // Two clients in one file: a path may be either's.
        var callees = string.Join('|', Client().Matches(text).Select(match => match.Groups["app"].Value));
        foreach (var match in callees.Length == 0 ? [] : Path().Matches(text).Cast<Match>())
        {
            yield return (app, callees, Call(match));
        }

        foreach (var match in Invocation().Matches(text).Cast<Match>())
        {
            yield return (app, match.Groups["app"].Value, null);
            yield return (app, match.Groups["app"].Value, Call(match));
        }

        // The table of the edge: methods, paths, and the apps that they lead to.
        foreach (var row in Row().Matches(text).Where(row => row.Groups["app"].Value != "gateway"))
        {
            var path = Segment().Replace(row.Groups["path"].Value, "x").Replace("**", "x/events", StringComparison.Ordinal);
            yield return (app, row.Groups["app"].Value, null);
            yield return (app, row.Groups["app"].Value, $"{row.Groups["verb"].Value.Replace("*", "GET", StringComparison.Ordinal)} {path}");
        }
    }

    private static HashSet<string> TypesIn(string folder, Regex pattern) =>
        [.. Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories).SelectMany(file => pattern.Matches(File.ReadAllText(file))).Select(match => match.Groups["type"].Value)];

    private static string Call(Match match) => $"{match.Groups["verb"].Value.ToUpperInvariant()} {match.Groups["path"].Value}";

    private static HashSet<(string, string)> Allowed(Overlay overlay) =>
        [.. overlay.Of("Configuration").SelectMany(callee => callee.Spec["accessControl/policies"].Items.Select(policy => (policy["appId"].Text, callee.Name)))];

    private static bool IsAllowed(Overlay overlay, string from, string to, string call) =>
        overlay.Find("Configuration", to)?.Spec["accessControl/policies"].Items.Where(policy => policy["appId"].Text == from).SelectMany(policy => policy["operations"].Items)
            .Where(operation => operation["httpVerb"].Items.Any(verb => verb.Text == "*" || verb.Text == call.Split(' ')[0]))
            .Select(operation => operation["name"].Text)
            .Any(name => name.EndsWith("/**", StringComparison.Ordinal) ? call.Split(' ')[1].StartsWith(name[..^2], StringComparison.Ordinal) : name == call.Split(' ')[1]) == true;

    /// <summary>Dapr stops at the first operation on its way down a path: one that is the beginning of another takes its place, verbs and all.</summary>
    private static IEnumerable<string> Hidden(Node policy)
    {
        var operations = policy["operations"].Items.Select(o => (Path: o["name"].Text, Verbs: string.Join(' ', o["httpVerb"].Items.Select(verb => verb.Text)))).ToList();
        return operations.Where(longer => operations.Exists(shorter => longer.Path.StartsWith(shorter.Path.Replace("/**", "", StringComparison.Ordinal) + "/", StringComparison.Ordinal) && shorter.Path != longer.Path && shorter.Verbs != longer.Verbs))
            .Select(operation => operation.Path);
    }

    private static HashSet<(string, string)> Network(Overlay overlay, string direction, string peers, bool incoming) =>
        [.. overlay.Of("NetworkPolicy").Where(policy => overlay.Apps.Any(app => app.Name == policy.Name)).SelectMany(policy => policy.Spec[direction].Items
            .Where(rule => rule["ports"].Items.Any(port => port["port"].Text == "50002"))
            .SelectMany(rule => rule[peers].Items)
            .Select(peer => peer["podSelector/matchLabels"].Member("app.kubernetes.io/name").Text)
            .Select(other => incoming ? (other, policy.Name) : (policy.Name, other)))];

    private static IEnumerable<string> Differences(string what, HashSet<(string From, string To)> wanted, HashSet<(string From, string To)> found) => [
        .. wanted.Except(found).Select(edge => $"{edge.From} calls {edge.To}, but not by {what}"),
        .. found.Except(wanted).Select(edge => $"{edge.From} does not call {edge.To}, but may by {what}")];

    [GeneratedRegex(@"CreateInvokableHttpClient\(""(?<app>[\w-]+)""\)")]
    private static partial Regex Client();

    // Where no verb stands beside the path, the call is allowed by nothing.
    [GeneratedRegex(@"(?:HttpMethod\.(?<verb>\w+), |(?<verb>Get|Post|Put|Delete)(?:AsJson)?Async\()?(?:new Uri\()?\$?""(?<path>/(?:internal|v1)/[^""{?]*)")]
    private static partial Regex Path();

    [GeneratedRegex(@"\.Invocation\(HttpMethod\.(?<verb>\w+), ""(?<app>[\w-]+)"", ""(?<path>[^""]+)""\)")]
    private static partial Regex Invocation();

    [GeneratedRegex(@"^\s+new\(""(?<verb>\*|\w+)[^""]*"", ""(?<path>/[^""]+)"", ""(?<app>[\w-]+)""", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Segment();

    [GeneratedRegex(@"RegisterActor<\w+>\((?<type>[\w.]+)\)")]
    private static partial Regex HostedActor();

    [GeneratedRegex(@"\.Create\(new ActorId\(.*\), (?<type>[\w.]+)\)\.")]
    private static partial Regex CalledActor();
}
