using EmbeddedSidecar.Workflows;

namespace EmbeddedSidecar.Resources;

/// <summary>Reads a Configuration: honours what it can, ignores what only concerns observation, refuses what would change behaviour.</summary>
internal static class ConfigurationDocument
{
    // How calls are logged changes nothing an app can see.
    private static readonly string[] WithoutEffect = ["logging", "mtls"];

    public static ConfigurationResource Read(YamlMap document, string name)
    {
        var spec = document.Map("spec");
        if (spec is null)
        {
            return ConfigurationResource.Default with { Name = name };
        }

        spec.RefuseOthers("a Configuration's spec", ["secrets", "features", "workflow", "tracing", "metrics", "metric", .. WithoutEffect]);
        if (spec.Map("mtls")?.Flag("enabled") == true)
        {
            throw spec.Refuse("mtls", "cannot be enabled in the embedded sidecar");
        }

        var workflow = spec.Map("workflow");
        workflow?.RefuseOthers("workflow", "maxConcurrentWorkflowInvocations", "maxConcurrentActivityInvocations", "stateRetentionPolicy");
        return new ConfigurationResource(
            name,
            Scopes(spec),
            Features(spec),
            workflow?.Integer("maxConcurrentWorkflowInvocations"),
            workflow?.Integer("maxConcurrentActivityInvocations"))
        {
            Tracing = spec.Map("tracing") is { } tracing ? TracingSpec.Read(tracing) : TracingSpec.Off,
            Metrics = (spec.Map("metrics") ?? spec.Map("metric")) is { } metrics ? MetricsSpec.Read(metrics) : MetricsSpec.Standard,
            Retention = workflow?.Map("stateRetentionPolicy") is { } retention ? Retention(retention) : RetentionPolicy.KeepForEver,
        };
    }

    private static RetentionPolicy Retention(YamlMap policy)
    {
        policy.RefuseOthers("stateRetentionPolicy", "anyTerminal", "completed", "failed", "terminated");
        return new RetentionPolicy(
            policy.Duration("anyTerminal"), policy.Duration("completed"), policy.Duration("failed"), policy.Duration("terminated"));
    }

    private static bool Features(YamlMap spec)
    {
        var actorStateTtl = false;
        foreach (var feature in spec.Maps("features"))
        {
            var name = feature.Required("name");
            var enabled = feature.Flag("enabled");
            switch (name)
            {
                case "ActorStateTTL":
                    actorStateTtl = enabled;
                    break;
                case "HotReload" or "WorkflowsRemoteActivityReminder":
                    break;
                default:
                    if (enabled)
                    {
                        throw feature.Refuse("name", $"{name} is a feature the embedded sidecar does not have");
                    }

                    break;
            }
        }

        return actorStateTtl;
    }

    private static List<SecretScope> Scopes(YamlMap spec)
    {
        List<SecretScope> scopes = [.. spec.Map("secrets")?.Maps("scopes").Select(Scope) ?? []];
        return scopes.GroupBy(scope => scope.StoreName).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw spec.Refuse("secrets", $"has scopes with the same storeName: {twice.Key}")
            : scopes;
    }

    private static SecretScope Scope(YamlMap scope)
    {
        scope.RefuseOthers("a secret scope", "storeName", "defaultAccess", "allowedSecrets", "deniedSecrets");
        return new SecretScope(
            scope.Required("storeName"),
            scope.Text("defaultAccess")?.ToUpperInvariant() switch
            {
                null or "" or "ALLOW" => false,
                "DENY" => true,
                _ => throw scope.Refuse("defaultAccess", "must be allow or deny"),
            },
            scope.Texts("allowedSecrets"),
            scope.Texts("deniedSecrets"));
    }
}
