using System.Collections;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Secrets;

/// <summary>secretstores.local.env: the environment. A variable that is not set is an empty secret; tokens are hidden.</summary>
internal sealed class LocalEnvSecretStore(ComponentContext context) : ISecretStore
{
    private readonly string _prefix = context.Metadata.Text("prefix", "");
    private readonly Apps.AppSettings _settings = context.App.Settings;

    public IReadOnlyList<string> Capabilities => [];

    public Task OpenAsync(CancellationToken ct) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public ValueTask<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken ct)
    {
        var variable = _prefix + name;
        var value = IsHidden(variable) ? "" : Apps.AppEnvironment.Variable(_settings, variable) ?? "";
        return ValueTask.FromResult<IReadOnlyDictionary<string, string>?>(new Dictionary<string, string> { [name] = value });
    }

    public ValueTask<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> AllAsync(CancellationToken ct)
    {
        var all = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            Add((string)variable.Key, (string?)variable.Value ?? "");
        }

        foreach (var (variable, value) in _settings.Environment)
        {
            Add(variable, value);
        }

        return ValueTask.FromResult<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>>(all);

        void Add(string variable, string value)
        {
            if (!IsHidden(variable) && variable.StartsWith(_prefix, StringComparison.Ordinal) && variable.Length > _prefix.Length)
            {
                var name = variable[_prefix.Length..];
                all[name] = new Dictionary<string, string> { [name] = value };
            }
        }
    }

    private static bool IsHidden(string variable) =>
        variable.Equals("APP_API_TOKEN", StringComparison.OrdinalIgnoreCase) || variable.StartsWith("DAPR_", StringComparison.OrdinalIgnoreCase);
}
