using Eco2.Testing;
using YamlDotNet.RepresentationModel;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>The cluster runs the apps of <c>dapr.yaml</c> on the components of <c>components/&lt;target&gt;</c>, and nothing else.</summary>
internal static class AppRules
{
    private static readonly Dictionary<string, string> Targets = new() { ["local"] = "redis", ["production"] = "redis", ["aws"] = "aws", ["azure"] = "azure", ["gcp"] = "gcp", ["rabbitmq"] = "rabbitmq" };

    public static IEnumerable<string> Complaints(Overlay overlay) => [.. Apps(overlay), .. Components(overlay), .. Subscriptions(overlay), .. Queues(overlay)];

    private static IEnumerable<string> Apps(Overlay overlay)
    {
        foreach (var (id, port, _) in DaprFile.Apps)
        {
            if (overlay.Find("Deployment", id) is not { } app || app.PodAnnotations.GetValueOrDefault("dapr.io/app-id") != id)
            {
                yield return $"{id} is in dapr.yaml and not here";
                continue;
            }

            var container = app.Containers.Single();
            var listens = container["env"].Items.Where(e => e["name"].Text is "ASPNETCORE_URLS" or "APP_PORT").Select(e => e["value"].Text.Split(':')[^1]);
            if (app.PodAnnotations.GetValueOrDefault("dapr.io/app-port") != port || container["ports"].Items.Single(p => p["name"].Text == "http")["containerPort"].Text != port || listens.Single() != port)
            {
                yield return $"{id} listens on {port} by dapr.yaml and not here";
            }

            if (app.PodAnnotations.GetValueOrDefault("dapr.io/max-body-size") != DaprFile.MaxBodySize)
            {
                yield return $"The sidecar of {id} should take bodies of {DaprFile.MaxBodySize}";
            }
        }

        foreach (var stranger in overlay.Apps.Select(app => app.Name).Except(DaprFile.Apps.Select(app => app.Id)))
        {
            yield return $"{stranger} is not in dapr.yaml";
        }
    }

    /// <summary>They are the same files: what is rendered must say what they say, and none may be missing.</summary>
    private static IEnumerable<string> Components(Overlay overlay)
    {
        var target = Targets[overlay.Name];
        var files = Directory.GetFiles(Path.Combine(Checkout.Root, "components", target), "*.yaml").SelectMany(file => Manifest.Read(File.ReadAllText(file))).ToList();
        foreach (var file in files.Where(file => overlay.Find(file.Kind, file.Name) is not { } here || !Said(here).SequenceEqual(Said(file))))
        {
            yield return $"{file.Id} is not what components/{target} says";
        }

        foreach (var more in overlay.Of("Component", "Subscription", "Resiliency").Select(o => o.Id).Except(files.Select(file => file.Id)))
        {
            yield return $"{more} is not in components/{target}";
        }
    }

    private static IEnumerable<string> Subscriptions(Overlay overlay)
    {
        foreach (var subscription in overlay.Of("Subscription"))
        {
            var route = subscription.Spec["routes/default"].Text;
            foreach (var app in subscription.Root["scopes"].Items.Select(scope => scope.Text))
            {
                if (!DaprFile.Apps.Any(a => a.Id == app && DaprFile.Source(a.Folder).Contains($"MapPost(\"{route}\"", StringComparison.Ordinal)))
                {
                    yield return $"{subscription.Id}: {app} has no route {route}";
                }
            }

            if (overlay.Find("Component", subscription.Spec["pubsubname"].Text)?.Spec["type"].Text.StartsWith("pubsub.", StringComparison.Ordinal) != true)
            {
                yield return $"{subscription.Id}: {subscription.Spec["pubsubname"].Text} is no pub/sub";
            }
        }
    }

    /// <summary>What KEDA counts must be where messages of that topic for that app lie, by the rules of the broker's component.</summary>
    private static IEnumerable<string> Queues(Overlay overlay)
    {
        var places = overlay.Of("Subscription").SelectMany(s => s.Root["scopes"].Items.Select(scope => (Topic: s.Spec["topic"].Text, Component: s.Spec["pubsubname"].Text, App: scope.Text))).ToList();
        foreach (var (scaler, trigger) in overlay.Of("ScaledObject").SelectMany(scaler => scaler.Spec["triggers"].Items.Select(trigger => (scaler, trigger))))
        {
            var (type, data) = (trigger["type"].Text, trigger["metadata"].Map);
            var own = places.Where(place => place.App == scaler.Name);
            var (queue, known) = type switch
            {
                "redis-streams" => ($"{data["stream"]}/{data["consumerGroup"]}", own.Select(place => $"{place.Topic}/{place.App}")),
                "azure-servicebus" => ($"{data["topicName"]}/{data["subscriptionName"]}", own.Select(place => $"{place.Topic}/{place.App}")),
                // The same name with which Dapr declares it: consumerID, here the app's id, and the topic.
                "rabbitmq" => (data["queueName"], own.Select(place => $"{place.App}-{place.Topic}")),
                "gcp-pubsub" => (data["subscriptionName"], own.Select(place => $"{place.App}-{place.Topic}")),
                // One queue per component, named by its consumerID; that of the app's work, not of its dead letters.
                "aws-sqs-queue" => (data["queueURL"], own.Where(place => place.Topic is "scan.requested" or "job.events").Select(place => ConsumerId(overlay, place.Component).Replace("{appID}", place.App, StringComparison.Ordinal))),
                _ => ("", [""]),
            };
            if (!known.Contains(queue, StringComparer.Ordinal))
            {
                yield return $"{scaler.Id}: there is no queue {queue}";
            }
        }

        if (overlay.Of("ScaledObject").Any() && new[] { "worker", "event-router" }.FirstOrDefault(app => overlay.Find("ScaledObject", app)?.Spec["triggers"].Items.Count() != 2) is { } blind)
        {
            yield return $"ScaledObject/{blind} does not look at its queue";
        }
    }

    private static string ConsumerId(Overlay overlay, string component) =>
        overlay.Find("Component", component)?.Spec["metadata"].Items.FirstOrDefault(setting => setting["name"].Text == "consumerID")["value"].Text ?? "";

    /// <summary>All it says, but for namespace and labels, which kustomize adds.</summary>
    private static IEnumerable<string> Said(Manifest manifest) =>
        manifest.Root.Pairs.Where(pair => pair.Key != "metadata").SelectMany(pair => Leaves(pair.Key, pair.Value)).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Leaves(string where, Node node) => node.Yaml is YamlScalarNode
        ? [$"{where}={node.Text}"]
        : node.Items.SelectMany((item, at) => Leaves($"{where}[{at}]", item)).Concat(node.Pairs.SelectMany(pair => Leaves($"{where}.{pair.Key}", pair.Value)));
}
