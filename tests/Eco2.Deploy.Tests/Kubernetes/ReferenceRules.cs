namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>Whatever one object says about another must be so.</summary>
internal static class ReferenceRules
{
    private static readonly string[] Workloads = ["Deployment", "StatefulSet", "Job"];

    public static IEnumerable<string> Complaints(Overlay overlay) => [
        .. Twice(overlay),
        .. overlay.Of(Workloads).SelectMany(workload => Pods(overlay, workload)),
        .. overlay.Apps.SelectMany(app => Sidecar(overlay, app)),
        .. Services(overlay),
        .. Selectors(overlay),
        .. Scalers(overlay),
        .. Secrets(overlay),
        .. Components(overlay),
        .. Rollouts(overlay)];

    private static IEnumerable<string> Twice(Overlay overlay) =>
        overlay.Objects.GroupBy(o => o.Id).Where(group => group.Count() > 1).Select(group => $"{group.Key} is there twice");

    private static IEnumerable<string> Pods(Overlay overlay, Manifest workload)
    {
        var volumes = workload.Pod["spec/volumes"].Items.Concat(workload.Spec["volumeClaimTemplates"].Items.Select(claim => claim["metadata"])).Select(volume => volume["name"].Text).ToHashSet();
        foreach (var container in workload.Containers)
        {
            var ports = container["ports"].Items.Select(port => port["name"].Text).ToHashSet();
            foreach (var probe in container.Everything().Where(node => node["port"].IsThere && !ports.Contains(node["port"].Text)))
            {
                yield return $"{workload.Id}: no port is called {probe["port"].Text}";
            }

            foreach (var mount in container["volumeMounts"].Items.Where(mount => !volumes.Contains(mount["name"].Text)))
            {
                yield return $"{workload.Id}: there is no volume {mount["name"].Text}";
            }

            foreach (var key in container.Everything().Select(node => node["secretKeyRef"]).Where(key => key.IsThere && !HasKey(overlay, key["name"].Text, key["key"].Text)))
            {
                yield return $"{workload.Id}: no Secret {key["name"].Text} has the key {key["key"].Text}";
            }

            foreach (var map in container["envFrom"].Items.Select(from => from["configMapRef/name"].Text).Where(map => overlay.Find("ConfigMap", map) is null))
            {
                yield return $"{workload.Id}: there is no ConfigMap {map}";
            }
        }

        foreach (var claim in workload.Pod["spec/volumes"].Items.Select(volume => volume["persistentVolumeClaim/claimName"]).Where(claim => claim.IsThere && overlay.Find("PersistentVolumeClaim", claim.Text) is null))
        {
            yield return $"{workload.Id}: there is no PersistentVolumeClaim {claim.Text}";
        }

        if (workload.Pod["spec/serviceAccountName"] is { IsThere: true, Text: var account } && overlay.Find("ServiceAccount", account) is null)
        {
            yield return $"{workload.Id}: there is no ServiceAccount {account}";
        }

        foreach (var (label, value) in workload.Spec["selector/matchLabels"].Map.Where(pair => workload.PodLabels.GetValueOrDefault(pair.Key) != pair.Value))
        {
            yield return $"{workload.Id} selects {label}={value}, which its pods don't carry";
        }
    }

    private static IEnumerable<string> Sidecar(Overlay overlay, Manifest app)
    {
        var said = app.PodAnnotations;
        if (overlay.Find("Configuration", said.GetValueOrDefault("dapr.io/config", "")) is null)
        {
            yield return $"{app.Id}: there is no Configuration {said.GetValueOrDefault("dapr.io/config")}";
        }

        foreach (var name in (string[])["dapr.io/api-token-secret", "dapr.io/app-token-secret"])
        {
            if (!HasKey(overlay, said.GetValueOrDefault(name, ""), "token"))
            {
                yield return $"{app.Id}: {name} names no Secret with the key token";
            }
        }

        foreach (var from in FromSecrets(app).Where(from => !HasKey(overlay, from.Value.Split(':')[0], from.Value.Split(':')[^1])))
        {
            yield return $"{app.Id}: no Secret has {from.Value}";
        }

        var volumes = app.Pod["spec/volumes"].Items.Select(volume => volume["name"].Text).ToHashSet();
        foreach (var mount in said.GetValueOrDefault("dapr.io/volume-mounts-rw", "").Split(',', StringSplitOptions.RemoveEmptyEntries).Where(mount => !volumes.Contains(mount.Split(':')[0])))
        {
            yield return $"{app.Id}: there is no volume for {mount}";
        }
    }

    private static IEnumerable<string> Services(Overlay overlay)
    {
        foreach (var service in overlay.Of("Service"))
        {
            var pods = overlay.Of(Workloads).Where(workload => Matches(service.Spec["selector"].Map, workload.PodLabels)).ToList();
            if (pods.Count != 1 || service.Spec["ports"].Items.Any(port => !pods[0].Containers.Any(c => c["ports"].Items.Any(p => p["name"].Text == port["targetPort"].Text))))
            {
                yield return $"{service.Id} does not lead to the port of one workload";
            }
        }

        foreach (var backend in overlay.Of("Ingress").SelectMany(ingress => ingress.Spec.Everything()).Select(node => node["service"]).Where(node => node.IsThere))
        {
            if (overlay.Find("Service", backend["name"].Text)?.Spec["ports"].Items.Any(port => port["name"].Text == backend["port/name"].Text) != true)
            {
                yield return $"The Ingress leads to {backend["name"].Text}:{backend["port/name"].Text}, which is not there";
            }
        }
    }

    private static IEnumerable<string> Selectors(Overlay overlay)
    {
        foreach (var budget in overlay.Of("PodDisruptionBudget").Where(budget => Selected(overlay, budget.Spec["selector"]).Count() != 1))
        {
            yield return $"{budget.Id} is not for one workload";
        }

        foreach (var policy in overlay.Of("NetworkPolicy"))
        {
            // Pods of other namespaces are not ours to look up.
            var selectors = policy.Spec.Everything().Where(node => node["podSelector"].IsThere && !node["namespaceSelector"].IsThere).Select(node => node["podSelector"]);
            foreach (var _ in selectors.Where(selector => !Selected(overlay, selector).Any()))
            {
                yield return $"{policy.Id} speaks of pods that are not there";
            }
        }

        foreach (var monitor in overlay.Of("PodMonitor").Where(monitor => !monitor.Spec["namespaceSelector"].IsThere))
        {
            var ports = monitor.Spec["podMetricsEndpoints"].Items.Select(endpoint => endpoint["port"].Text);
            var pods = Selected(overlay, monitor.Spec["selector"]).ToList();
            if (pods.Count == 0 || ports.Any(port => port != "dapr-metrics" && pods.Exists(pod => !pod.Containers.Any(c => c["ports"].Items.Any(p => p["name"].Text == port)))))
            {
                yield return $"{monitor.Id} watches pods or ports that are not there";
            }
        }
    }

    private static IEnumerable<string> Scalers(Overlay overlay)
    {
        foreach (var scaler in overlay.Of("ScaledObject", "HorizontalPodAutoscaler"))
        {
            var target = scaler.Spec["scaleTargetRef"];
            if (overlay.Find(target["kind"].Text, target["name"].Text)?.Root["apiVersion"].Text != target["apiVersion"].Text)
            {
                yield return $"{scaler.Id} scales {target["kind"].Text}/{target["name"].Text}, which is not there";
            }

            foreach (var trigger in scaler.Spec["triggers"].Items.Where(t => t["authenticationRef"].IsThere && overlay.Find("TriggerAuthentication", t["authenticationRef/name"].Text) is null))
            {
                yield return $"{scaler.Id}: there is no TriggerAuthentication {trigger["authenticationRef/name"].Text}";
            }
        }

        foreach (var key in overlay.Of("TriggerAuthentication").SelectMany(auth => auth.Spec["secretTargetRef"].Items).Where(key => !HasKey(overlay, key["name"].Text, key["key"].Text)))
        {
            yield return $"A TriggerAuthentication wants {key["name"].Text}:{key["key"].Text}, which is not there";
        }
    }

    private static IEnumerable<string> Secrets(Overlay overlay)
    {
        foreach (var secret in overlay.Of("ExternalSecret").Where(secret => overlay.Find("SecretStore", secret.Spec["secretStoreRef/name"].Text) is null))
        {
            yield return $"{secret.Id}: there is no SecretStore {secret.Spec["secretStoreRef/name"].Text}";
        }

        // Vault gives the whole set as JSON to who asks for no text of it.
        foreach (var whole in overlay.Of("ExternalSecret").Where(secret => overlay.Find("SecretStore", secret.Spec["secretStoreRef/name"].Text)?.Spec["provider/vault"].IsThere == true && secret.Spec["data"].Items.Any(data => !data["remoteRef/property"].IsThere)))
        {
            yield return $"{whole.Id} names no text of its secret in Vault";
        }

        foreach (var account in overlay.Of("SecretStore").SelectMany(store => store.Spec.Everything()).Select(node => node["serviceAccountRef/name"]).Where(a => a.IsThere && overlay.Find("ServiceAccount", a.Text) is null))
        {
            yield return $"A SecretStore names the ServiceAccount {account.Text}, which is not there";
        }
    }

    /// <summary>A component finds its settings in the environment of every sidecar that loads it, and its secrets in a store.</summary>
    private static IEnumerable<string> Components(Overlay overlay)
    {
        var apps = overlay.Apps.ToDictionary(app => app.PodAnnotations.GetValueOrDefault("dapr.io/app-id", ""));
        foreach (var component in overlay.Of("Component"))
        {
            var scopes = component.Root["scopes"].Items.Select(scope => scope.Text).DefaultIfEmpty().ToList();
            foreach (var stranger in scopes.Where(scope => scope is not null && !apps.ContainsKey(scope)))
            {
                yield return $"{component.Id} is for {stranger}, which is no app";
            }

            foreach (var variable in component.Spec["metadata"].Items.Select(setting => setting["envRef"]).Where(setting => setting.IsThere))
            {
                foreach (var (id, _) in apps.Where(app => (scopes[0] is null || scopes.Contains(app.Key)) && !Environment(app.Value).Contains(variable.Text)))
                {
                    yield return $"{component.Id} wants {variable.Text}, which the sidecar of {id} does not get";
                }
            }

            if (component.Root["auth/secretStore"] is { IsThere: true, Text: var store } && overlay.Find("Component", store)?.Spec["type"].Text.StartsWith("secretstores.", StringComparison.Ordinal) != true)
            {
                yield return $"{component.Id}: {store} is no secret store";
            }
        }
    }

    private static IEnumerable<string> Rollouts(Overlay overlay)
    {
        foreach (var rollout in overlay.Of("Rollout"))
        {
            if (overlay.Find("Deployment", rollout.Spec["workloadRef/name"].Text) is null)
            {
                yield return $"{rollout.Id} takes its pods from {rollout.Spec["workloadRef/name"].Text}, which is not there";
            }

            foreach (var template in rollout.Spec.Everything().Select(node => node["templateName"]).Where(t => t.IsThere && overlay.Find("AnalysisTemplate", t.Text) is null))
            {
                yield return $"{rollout.Id} is judged by {template.Text}, which is not there";
            }
        }
    }

    private static HashSet<string> Environment(Manifest app) => [.. Pairs(app, "dapr.io/env").Concat(FromSecrets(app)).Select(pair => pair.Key)];

    private static IEnumerable<KeyValuePair<string, string>> FromSecrets(Manifest app) => Pairs(app, "dapr.io/env-from-secret");

    private static IEnumerable<KeyValuePair<string, string>> Pairs(Manifest app, string annotation) =>
        app.PodAnnotations.GetValueOrDefault(annotation, "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).Where(pair => pair.Length == 2).Select(pair => KeyValuePair.Create(pair[0], pair[1]));

    private static bool HasKey(Overlay overlay, string secret, string key) =>
        overlay.Find("Secret", secret)?.Root["data"].Member(key).IsThere == true
        || overlay.Of("ExternalSecret").Any(external => external.Spec["target/name"].Text == secret && external.Spec["data"].Items.Any(data => data["secretKey"].Text == key));

    private static IEnumerable<Manifest> Selected(Overlay overlay, Node selector) => overlay.Of(Workloads).Where(workload =>
        Matches(selector["matchLabels"].Map, workload.PodLabels)
        && selector["matchExpressions"].Items.All(e => e["values"].Items.Any(value => workload.PodLabels.GetValueOrDefault(e["key"].Text) == value.Text) == (e["operator"].Text == "In"))
        // A name that nothing carries is a mistake, though others match.
        && selector["matchExpressions"].Items.All(e => e["values"].Items.All(value => overlay.Of(Workloads).Any(w => w.PodLabels.GetValueOrDefault(e["key"].Text) == value.Text))));

    private static bool Matches(Dictionary<string, string> wanted, Dictionary<string, string> labels) => wanted.All(pair => labels.GetValueOrDefault(pair.Key) == pair.Value);
}
