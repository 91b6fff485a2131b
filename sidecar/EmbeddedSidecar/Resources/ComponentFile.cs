namespace EmbeddedSidecar.Resources;

/// <summary>Reads a Component.</summary>
internal static class ComponentFile
{
    public static ComponentResource Read(YamlMap document, string name)
    {
        document.RefuseOthers("a Component", "apiVersion", "kind", "metadata", "spec", "scopes", "auth");
        var spec = document.Map("spec") ?? throw document.Refuse("spec", "is missing");
        spec.RefuseOthers("a Component's spec", "type", "version", "ignoreErrors", "initTimeout", "metadata");
        return new ComponentResource(
            name,
            spec.Required("type"),
            spec.Text("version") ?? "",
            document.File,
            [.. spec.Maps("metadata").Select(Entry)],
            document.Map("auth")?.Text("secretStore"),
            spec.Flag("ignoreErrors"),
            spec.Duration("initTimeout"));
    }

    /// <summary>A name with a value, a secret or a variable.</summary>
    public static MetadataEntry Entry(YamlMap entry)
    {
        entry.RefuseOthers("a metadata entry", "name", "value", "secretKeyRef", "envRef");
        var name = entry.Required("name");
        var secret = entry.Map("secretKeyRef");
        var variable = entry.Text("envRef");
        if (variable is not null
            && (variable == "APP_API_TOKEN" || variable.StartsWith("DAPR_", StringComparison.OrdinalIgnoreCase) || variable.Contains(' ')))
        {
            throw entry.Refuse("envRef", $"may not name {variable}");
        }

        var secretName = secret?.Required("name");
        return new MetadataEntry(name, entry.Text("value"), secretName, secret?.Text("key") ?? secretName, variable);
    }
}
