using System.Text.RegularExpressions;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>Who may leave for where: by the policies exactly what the code of an app and the components of its sidecar speak to, and no address of our own network by way of the world.</summary>
internal static partial class EgressRules
{
    private const string World = "the world";

    // Names, control plane and telemetry are alike for all; calls between apps (50002) are held against the code by AccessRules.
    private static readonly string[] Alike = ["names", "dapr-control-plane", "observability"];

    private static readonly string[] Private = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

    public static IEnumerable<string> Complaints(Overlay overlay)
    {
        foreach (var workload in overlay.Of("Deployment", "Job"))
        {
            var (wanted, open) = (Wanted(overlay, workload).ToHashSet(), Open(overlay, workload).ToHashSet());
            foreach (var (place, port) in wanted.Except(open))
            {
                yield return $"{workload.Id} cannot reach {place}:{port}";
            }

            foreach (var (place, port) in open.Except(wanted))
            {
                yield return $"{workload.Id} may reach {place}:{port} and has no business there";
            }
        }

        foreach (var policy in overlay.Of("NetworkPolicy").Where(policy => policy.Spec.Everything().Any(node => node["cidr"].Text == "0.0.0.0/0" && Private.Except(node["except"].Items.Select(range => range.Text)).Any())))
        {
            yield return $"{policy.Id} opens our own network with the world";
        }
    }

    private static (string Place, int Port)[] Wanted(Overlay overlay, Manifest workload)
    {
        if (workload.Name.EndsWith("-exporter", StringComparison.Ordinal))
        {
            return [("a server", workload.Name == "redis-exporter" ? 6379 : 5432)];
        }

        var database = workload.Containers.Any(container => container["env"].Items.Any(variable => variable["name"].Text == "ECO2_POSTGRES")) ? [("a server", 5432)] : Array.Empty<(string, int)>();
        if (workload.Kind == "Job")
        {
            return database;
        }

        var folder = DaprFile.Apps.Single(app => app.Id == workload.Name).Folder;
        var itself = Address().IsMatch(DaprFile.Source(folder)) ? [(World, 443)] : Array.Empty<(string, int)>();
        var sidecar = overlay.Of("Component").Where(component => !component.Root["scopes"].IsThere || component.Root["scopes"].Items.Any(scope => scope.Text == workload.Name))
            .SelectMany(component => Places(component.Spec["type"].Text));
        return [.. database, .. itself, .. sidecar];
    }

    private static IEnumerable<(string, int)> Places(string type) => type switch
    {
        "state.redis" or "pubsub.redis" => [("a server", 6379)],
        "pubsub.rabbitmq" => [("a server", 5672)],
        "state.postgresql" => [("a server", 5432)],
        "bindings.smtp" => [(World, 587)],
        "pubsub.azure.servicebus.topics" => [(World, 443), (World, 5671)],
        // Who they are they learn from the node, which gives tokens to each by its own account.
        _ when type.Contains(".gcp.", StringComparison.Ordinal) => [(World, 443), ("the node", 80), ("the node", 988)],
        _ when type.Contains(".aws.", StringComparison.Ordinal) || type.Contains(".azure.", StringComparison.Ordinal) => [(World, 443)],
        "bindings.cron" or "bindings.localstorage" or "secretstores.local.env" => [],
        _ => throw new InvalidOperationException($"Where does {type} lead?"),
    };

    private static IEnumerable<(string Place, int Port)> Open(Overlay overlay, Manifest workload) => overlay.Of("NetworkPolicy")
        .Where(policy => !Alike.Contains(policy.Name) && policy.Spec["policyTypes"].Items.Any(type => type.Text == "Egress") && Selects(policy.Spec["podSelector"], workload))
        .SelectMany(policy => policy.Spec["egress"].Items)
        .SelectMany(rule => rule["to"].Items.SelectMany(peer => rule["ports"].Items.Select(port => (Place(peer), port["port"].Number))))
        .Where(way => way.Number != 50002)
        .Select(way => (way.Item1, way.Number));

    private static string Place(Node peer) => peer["ipBlock/cidr"].Text switch
    {
        "0.0.0.0/0" => World,
        var address when address.StartsWith("169.254.", StringComparison.Ordinal) => "the node",
        _ => "a server",
    };

    private static bool Selects(Node selector, Manifest workload) =>
        selector["matchLabels"].Map.All(pair => workload.PodLabels.GetValueOrDefault(pair.Key) == pair.Value)
        && selector["matchExpressions"].Items.All(e => e["values"].Items.Any(value => value.Text == workload.PodLabels.GetValueOrDefault(e["key"].Text)) == (e["operator"].Text == "In"));

    // An address out there, written into the code.
    [GeneratedRegex(@"""https://[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|net|org|io)\b")]
    private static partial Regex Address();
}
