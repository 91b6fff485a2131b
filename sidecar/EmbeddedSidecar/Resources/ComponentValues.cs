using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Resources;

/// <summary>Puts secrets, variables of the environment and templates into the metadata of a component.</summary>
internal sealed partial class ComponentValues(AppInstance app, ILogger log)
{
    /// <param name="resource">As the file has it.</param>
    /// <param name="ct">Of the start.</param>
    /// <param name="withTemplates">False for what only looks like a component: there they are text.</param>
    public async Task<ComponentSpec> FillAsync(ComponentResource resource, CancellationToken ct, bool withTemplates = true)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in resource.Metadata)
        {
            var value = entry switch
            {
                { SecretName: { } secret } => await SecretAsync(resource, secret, entry.SecretKey ?? secret, ct),
                { Variable: { } variable } => app.Settings.Variable(variable) ?? "",
                _ => entry.Value ?? "",
            };
            values[entry.Name] = withTemplates ? Templates(resource, value) : value;
        }

        return new ComponentSpec(
            resource.Name, resource.Type, resource.Version, resource.File, values, resource.IgnoreErrors, resource.InitTimeout);
    }

    private string Templates(ComponentResource resource, string value)
    {
        if (!value.Contains('{'))
        {
            return value;
        }

        while (value.Contains("{uuid}", StringComparison.Ordinal))
        {
            // Each occurrence is another one, at each load.
            var at = value.IndexOf("{uuid}", StringComparison.Ordinal);
            value = string.Concat(
                value.AsSpan(0, at), Guid.CreateVersion7(app.Services.Clock.GetUtcNow()).ToString(), value.AsSpan(at + "{uuid}".Length));
        }

        if (value.Contains("{podName}", StringComparison.Ordinal))
        {
            var pod = app.Settings.Variable("POD_NAME")
                ?? throw new SidecarConfigurationException(
                    $"{resource.File}: component \"{resource.Name}\" uses {{podName}}, but POD_NAME is not set.");
            value = value.Replace("{podName}", pod, StringComparison.Ordinal);
        }

        return value
            .Replace("{namespace}", $"{app.Namespace}.{app.AppId}", StringComparison.Ordinal)
            .Replace("{appID}", app.AppId, StringComparison.Ordinal);
    }

    private async Task<string> SecretAsync(ComponentResource resource, string secret, string key, CancellationToken ct)
    {
        if (resource.SecretStore is not { } store)
        {
            throw new SidecarConfigurationException(
                $"{resource.File}: component \"{resource.Name}\" refers to secret \"{secret}\" but names no auth.secretStore.");
        }

        if (!app.Components.TryGetValue(store, out var loaded) || loaded.Component is not Secrets.ISecretStore secrets)
        {
            throw new SidecarConfigurationException(
                $"{resource.File}: component \"{resource.Name}\" needs secret store \"{store}\", which app \"{app.AppId}\" does not have.");
        }

        var found = await secrets.GetAsync(secret, ct);
        if (found is not null && found.TryGetValue(key, out var value))
        {
            return value;
        }

        // As daprd: the component may do without it.
        Missing(log, resource.File, resource.Name, secret, key, store);
        return "";
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File}: component {Component} refers to secret {Secret} (key {Key}), which secret store {Store} does not have; the value stays empty")]
    private static partial void Missing(ILogger log, string file, string component, string secret, string key, string store);
}
