using System.Text.RegularExpressions;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>Who calls whom: by the code, by the access control of Dapr and by the network policies it must be the same.</summary>
internal static partial class AccessRules
{
    /// <summary>Every call in the code of the apps: caller, callee and, where the path stands beside it, the path.</summary>
    public static IReadOnlyList<(string From, string To, string? Path)> Calls { get; } = [.. DaprFile.Apps.SelectMany(app => Directory.GetFiles(app.Folder, "*.cs", SearchOption.AllDirectories).SelectMany(file => CallsIn(app.Id, File.ReadAllText(file)))).Distinct()];

    public static IEnumerable<string> Complaints(Overlay overlay)
    {
        var wanted = Calls.Where(call => !call.To.Contains('|')).Select(call => (call.From, call.To)).ToHashSet();
        // The replicas of the app that hosts workflows talk to each other, as actors, which access control does not see.
        var network = wanted.Append(("worker", "worker")).ToHashSet();
        return [
            .. Differences("access control", wanted, Allowed(overlay)),
            .. Differences("what its callee lets in", network, Network(overlay, "ingress", "from", incoming: true)),
            .. Differences("what its caller lets out", network, Network(overlay, "egress", "to", incoming: false)),
            .. Calls.Where(call => call.Path is not null && !call.To.Split('|').Any(to => IsAllowed(overlay, call.From, to, call.Path))).Select(call => $"{call.From} may not call {call.Path} of {call.To}")];
    }

    private static IEnumerable<(string From, string To, string? Path)> CallsIn(string app, string text)
    {
        foreach (var callee in Client().Matches(text).Select(match => match.Groups["app"].Value))
        {
            yield return (app, callee, null);
        }

        // Two clients in one file: a path may be either's.
        var callees = string.Join('|', Client().Matches(text).Select(match => match.Groups["app"].Value));
        foreach (var path in callees.Length == 0 ? [] : Path().Matches(text).Select(match => match.Groups["path"].Value))
        {
            yield return (app, callees, path);
        }

        foreach (var match in Invocation().Matches(text).Cast<Match>())
        {
            yield return (app, match.Groups["app"].Value, match.Groups["path"].Value);
        }

        foreach (var callee in Routed().Matches(text).Select(match => match.Groups["app"].Value))
        {
            yield return (app, callee, null);
        }
    }

    private static HashSet<(string, string)> Allowed(Overlay overlay) =>
        [.. overlay.Of("Configuration").SelectMany(callee => callee.Spec["accessControl/policies"].Items.Select(policy => (policy["appId"].Text, callee.Name)))];

    private static bool IsAllowed(Overlay overlay, string from, string to, string path) =>
        overlay.Find("Configuration", to)?.Spec["accessControl/policies"].Items.Where(policy => policy["appId"].Text == from).SelectMany(policy => policy["operations"].Items)
            .Select(operation => operation["name"].Text)
            .Any(name => name.EndsWith("/**", StringComparison.Ordinal) ? path.StartsWith(name[..^2], StringComparison.Ordinal) : name == path) == true;

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

    [GeneratedRegex(@"(?:\(|, |\$)""(?<path>/(?:internal|v1)/[^""{?]*)")]
    private static partial Regex Path();

    [GeneratedRegex(@"\.Invocation\(HttpMethod\.\w+, ""(?<app>[\w-]+)"", ""(?<path>[^""]+)""\)")]
    private static partial Regex Invocation();

    [GeneratedRegex(@"private static readonly Route \w+ = new\(""(?<app>[\w-]+)""")]
    private static partial Regex Routed();
}
