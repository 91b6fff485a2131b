using System.Text.RegularExpressions;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>What no object may do without.</summary>
internal static partial class PolicyRules
{
    // How long an app may take to stop once it is told (Eco2__ShutdownTimeout).
    private const int Stop = 20;
    private static readonly string[] Streams = ["gateway", "sse-gateway"];

    /// <summary>As it stands in the repository: an image may be the placeholder that <c>deploy/k8s/release</c> replaces, and nothing else.</summary>
    public static IEnumerable<string> Complaints(Overlay overlay) => Complaints(overlay, image => Placeholder().IsMatch(image));

    /// <summary>As it goes to a cluster.</summary>
    public static IEnumerable<string> ReleasedComplaints(Overlay overlay) => Complaints(overlay, image => Digest().IsMatch(image) && !Placeholder().IsMatch(image));

    private static IEnumerable<string> Complaints(Overlay overlay, Func<string, bool> pinned) => [
        .. overlay.Of("Deployment", "StatefulSet", "Job").SelectMany(workload => Pod(workload, overlay.Name == "local" ? Tag().IsMatch : overlay.Apps.Contains(workload) || workload.Kind == "Job" ? pinned : Digest().IsMatch)),
        .. overlay.Apps.SelectMany(app => App(overlay, app)),
        .. overlay.Of("ScaledObject", "HorizontalPodAutoscaler").SelectMany(Scaler),
        .. Cluster(overlay)];

    private static IEnumerable<string> Pod(Manifest workload, Func<string, bool> pinned)
    {
        var (pod, security) = (workload.Pod["spec"], workload.Pod["spec/securityContext"]);
        if (security["runAsNonRoot"].Text != "true" || security["runAsUser"].Number < 1 || security["seccompProfile/type"].Text != "RuntimeDefault")
        {
            yield return $"{workload.Id} may run as root or without seccomp";
        }

        if (pod["automountServiceAccountToken"].Text != "false" || pod["enableServiceLinks"].Text != "false")
        {
            yield return $"{workload.Id} gets a token of the cluster or variables of Services";
        }

        foreach (var container in workload.Containers)
        {
            var name = $"{workload.Id} {container["name"].Text}";
            var own = container["securityContext"];
            if (own["allowPrivilegeEscalation"].Text != "false" || own["readOnlyRootFilesystem"].Text != "true" || !own["capabilities/drop"].Items.Any(capability => capability.Text == "ALL"))
            {
                yield return $"{name} may write its root or keeps capabilities";
            }

            foreach (var amount in (string[])["requests/cpu", "requests/memory", "limits/cpu", "limits/memory"])
            {
                if (!container["resources"][amount].IsThere)
                {
                    yield return $"{name} has no {amount}";
                }
            }

            if (!pinned(container["image"].Text))
            {
                yield return $"{name}: {container["image"].Text} is not pinned as it should be";
            }
        }
    }

    private static IEnumerable<string> App(Overlay overlay, Manifest app)
    {
        var container = app.Containers.Single();
        foreach (var (probe, path) in (ReadOnlySpan<(string, string)>)[("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", app.Name == "media" ? "/healthz" : "/readyz")])
        {
            if (container[probe]["httpGet/path"].Text != path)
            {
                return [$"{app.Id}: its {probe} does not ask {path}"];
            }
        }

        return [.. Spread(app), .. Shutdown(app, container), .. Companions(overlay, app)];
    }

    private static IEnumerable<string> Spread(Manifest app)
    {
        var keys = app.Pod["spec/topologySpreadConstraints"].Items.Select(c => c["topologyKey"].Text);
        return ((string[])["topology.kubernetes.io/zone", "kubernetes.io/hostname"]).Except(keys).Select(missing => $"{app.Id} is not spread by {missing}");
    }

    /// <summary>Told to stop, a sidecar takes no more messages and serves the app for as long as it is blocked; then it ends what it has. The app must be there for
    /// the messages, the sidecar for the streams, and the cluster must wait for both.</summary>
    private static IEnumerable<string> Shutdown(Manifest app, Node container)
    {
        var said = app.PodAnnotations;
        int Seconds(string annotation) => int.Parse(said.GetValueOrDefault(annotation, "0").TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture);
        var (grace, sleep) = (app.Pod["spec/terminationGracePeriodSeconds"].Number, container["lifecycle/preStop/sleep/seconds"].Number);
        var (block, graceful) = (Seconds("dapr.io/block-shutdown-duration"), Seconds("dapr.io/graceful-shutdown-seconds"));
        if (graceful < 30 || grace < sleep + Stop || grace < block + graceful)
        {
            yield return $"{app.Id} is killed before it is through";
        }

        var tooEarly = app.Name switch
        {
            // Streams go through it; they end by themselves.
            "gateway" => sleep < 180 || block < sleep + Stop,
            // Its own streams are told to go elsewhere, and soon: a sidecar that is told to stop brings no more news.
            "sse-gateway" => sleep is < 5 or > 10 || block < sleep + Stop,
            _ => sleep < block + graceful,
        };
        if (tooEarly)
        {
            yield return $"{app.Id}: its app or its sidecar goes before the other is done with it";
        }
    }

    private static IEnumerable<string> Companions(Overlay overlay, Manifest app) =>
        ((string[])["Service", "ServiceAccount", "PodDisruptionBudget", "Configuration"]).Where(kind => overlay.Find(kind, app.Name) is null).Select(kind => $"{app.Id} has no {kind}");

    private static IEnumerable<string> Scaler(Manifest scaler)
    {
        var least = Math.Max(scaler.Spec["minReplicaCount"].Number, scaler.Spec["minReplicas"].Number);
        if (least < 2)
        {
            yield return $"{scaler.Id} keeps {least} replicas: one must be able to go";
        }

        var down = scaler.Spec.Everything().Select(node => node["scaleDown"]).FirstOrDefault(node => node.IsThere);
        if (down["stabilizationWindowSeconds"].Number < (Streams.Contains(scaler.Name) ? 600 : 300) || down["policies"].Items.Any(policy => policy["type"].Text != "Pods" || policy["value"].Number != 1))
        {
            yield return $"{scaler.Id} scales down in haste";
        }
    }

    private static IEnumerable<string> Cluster(Overlay overlay)
    {
        if (overlay.Find("Namespace", "eco2")?.Root["metadata/labels"].Member("pod-security.kubernetes.io/enforce").Text != "restricted")
        {
            yield return "The namespace does not enforce the restricted pod security standard";
        }

        if (overlay.Find("NetworkPolicy", "default-deny") is not { } deny || deny.Spec["podSelector"].Pairs.Any() || deny.Spec["policyTypes"].Items.Count() != 2 || deny.Spec["ingress"].IsThere || deny.Spec["egress"].IsThere)
        {
            yield return "The network is not closed by default";
        }

        if (overlay.Name != "local" && overlay.Of("Secret").Any())
        {
            yield return "A Secret stands in the repository";
        }

        var way = overlay.Of("Ingress").Single();
        if (way.Annotations.GetValueOrDefault("nginx.org/proxy-buffering") != "False" || way.Annotations.GetValueOrDefault("nginx.org/proxy-read-timeout") != "3600s")
        {
            yield return "The Ingress holds back or ends streams";
        }

        if (way.Spec.Everything().Any(node => node["pathType"].Text == "Prefix" && node["path"].Text == "/") || way.Spec.Everything().Any(node => node["service"].IsThere && node["service/name"].Text != "gateway"))
        {
            yield return "The Ingress opens more than the gateway's own paths";
        }
    }

    [GeneratedRegex("^registry[.]invalid/eco2-[a-z-]+@sha256:0{64}$")]
    private static partial Regex Placeholder();

    [GeneratedRegex("^[^@]+/[^@:]+(:[^@:/]+)?@sha256:[0-9a-f]{64}$")]
    private static partial Regex Digest();

    [GeneratedRegex("^(eco2-[a-z-]+:dev|[a-z]+:[0-9]+[.][0-9]+([.][0-9]+)?)$")]
    private static partial Regex Tag();
}
