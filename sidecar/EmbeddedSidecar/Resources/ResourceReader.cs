using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Resources;

/// <summary>Reads resource files for one app: what is in scope, once; what we do not know, refused by name.</summary>
internal sealed class ResourceReader(string appId, string? kubernetesNamespace)
{
    private readonly List<ComponentResource> _components = [];
    private readonly List<SubscriptionSpec> _subscriptions = [];
    private readonly List<HttpEndpointResource> _endpoints = [];
    private readonly List<ResiliencyResource> _resiliencies = [];
    private readonly HashSet<(string Kind, string Name)> _names = [];
    private ConfigurationResource _configuration = ConfigurationResource.Default;

    /// <summary>Reads the .yaml and .yml files directly in a folder.</summary>
    public void Folder(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new SidecarConfigurationException($"{path}: this resources folder does not exist.");
        }

        foreach (var file in Directory.EnumerateFiles(path).Where(IsYaml).Order(StringComparer.Ordinal))
        {
            using var text = File.OpenText(file);
            // A Configuration counts where it is named as such, and nowhere else: daprd passes it over here, so that it may lie beside the rest.
            foreach (var document in YamlMap.Documents(text, file).Where(document => document.Text("kind") != "Configuration"))
            {
                Document(document);
            }
        }
    }

    public void ConfigurationFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new SidecarConfigurationException($"{path}: this configuration file does not exist.");
        }

        // Only Configuration files have variables of the environment put in; component files do not.
        using var text = new StringReader(VariableExpansion.Expand(File.ReadAllText(path)));
        Documents(text, path);
    }

    public void Documents(TextReader text, string file)
    {
        foreach (var document in YamlMap.Documents(text, file))
        {
            Document(document);
        }
    }

    public ResourceSet Result() =>
        new() { Components = _components, Subscriptions = _subscriptions, HttpEndpoints = _endpoints, Resiliencies = _resiliencies, Configuration = _configuration };

    private static bool IsYaml(string path) =>
        path.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".yml", StringComparison.OrdinalIgnoreCase);

    private void Document(YamlMap document)
    {
        var kind = document.Text("kind");
        var version = document.Text("apiVersion") ?? "";
        if (kind is null || !version.StartsWith("dapr.io/", StringComparison.Ordinal))
        {
            // Other documents (a kustomization, say) may share the folder.
            return;
        }

        var metadata = document.Map("metadata") ?? throw document.Refuse("metadata", "is missing");
        var name = metadata.Required("name");
        var ns = metadata.Text("namespace");
        if (kubernetesNamespace is not null && ns is not null && ns != kubernetesNamespace)
        {
            return;
        }

        var scopes = document.Texts("scopes");
        if (scopes.Count > 0 && !scopes.Contains(appId))
        {
            return;
        }

        if (!_names.Add((kind, name)))
        {
            throw new SidecarConfigurationException($"{document.File}: a {kind} named \"{name}\" is already defined for app \"{appId}\".");
        }

        switch (kind)
        {
            case "Component":
                _components.Add(ComponentFile.Read(document, name));
                break;
            case "Subscription":
                _subscriptions.Add(SubscriptionFile.Read(document, name, version));
                break;
            case "HTTPEndpoint":
                _endpoints.Add(HttpEndpointFile.Read(document, name));
                break;
            case "Resiliency":
                _resiliencies.Add(new ResiliencyResource(name, document.Map("spec") ?? throw document.Refuse("spec", "is missing")));
                break;
            case "Configuration":
                _configuration = ConfigurationDocument.Read(document, name);
                break;
            default:
                throw new SidecarConfigurationException(
                    $"{document.File}: {kind} \"{name}\": resources of kind {kind} are not supported by the embedded sidecar.");
        }
    }
}
