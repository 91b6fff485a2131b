using System.Text.Json;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Secrets;

/// <summary>secretstores.local.file: a JSON file, read once.</summary>
internal sealed class LocalFileSecretStore : ISecretStore
{
    private readonly ComponentMetadata _metadata;
    private readonly string _file;
    private readonly string _separator;
    private readonly bool _multiValued;
    private Dictionary<string, IReadOnlyDictionary<string, string>> _secrets = [];

    public LocalFileSecretStore(ComponentContext context)
    {
        _metadata = context.Metadata;
        _file = context.App.Settings.FullPath(_metadata.Required("secretsFile"));
        _separator = _metadata.Text("nestedSeparator", ":");
        _multiValued = _metadata.Flag("multiValued", false);
    }

    public IReadOnlyList<string> Capabilities => _multiValued ? ["MULTIPLE_KEY_VALUES_PER_SECRET"] : [];

    public async Task OpenAsync(CancellationToken ct)
    {
        try
        {
            using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(_file, ct));
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw _metadata.Refuse("secretsFile", $"names a file that holds no JSON object: {_file}");
            }

            _secrets = Read(json.RootElement);
        }
        catch (JsonException broken)
        {
            throw _metadata.Refuse("secretsFile", $"names a file that is not JSON: {_file}: {broken.Message}");
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public ValueTask<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken ct) =>
        ValueTask.FromResult(_secrets.GetValueOrDefault(name));

    public ValueTask<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> AllAsync(CancellationToken ct) =>
        ValueTask.FromResult<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>>(_secrets);

    private Dictionary<string, IReadOnlyDictionary<string, string>> Read(JsonElement root)
    {
        var secrets = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        if (!_multiValued)
        {
            var flat = new Dictionary<string, string>(StringComparer.Ordinal);
            Flatten(root, "", flat);
            foreach (var (name, value) in flat)
            {
                secrets[name] = new Dictionary<string, string> { [name] = value };
            }

            return secrets;
        }

        foreach (var secret in root.EnumerateObject())
        {
            // A list at the top is no secret here, nor to daprd.
            if (secret.Value.ValueKind == JsonValueKind.Array)
            {
                continue;
            }

            var entries = new Dictionary<string, string>(StringComparer.Ordinal);
            Flatten(secret.Value, secret.Value.ValueKind == JsonValueKind.String ? secret.Name : "", entries);
            secrets[secret.Name] = entries;
        }

        return secrets;
    }

    private void Flatten(JsonElement element, string path, Dictionary<string, string> into)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    Flatten(member.Value, Join(path, member.Name), into);
                }

                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in element.EnumerateArray())
                {
                    Flatten(item, Join(path, index++.ToString(System.Globalization.CultureInfo.InvariantCulture)), into);
                }

                break;
            case JsonValueKind.String:
                into[path] = element.GetString()!;
                break;
            default:
                // Dapr would hand out unusable text for these; better to say so at start.
                throw _metadata.Refuse("secretsFile", $"names a file in which \"{path}\" is not a string; put it in quotes: {_file}");
        }
    }

    private string Join(string path, string name) => path.Length == 0 ? name : path + _separator + name;
}
