using System.Text.Json;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Hosting;

/// <summary>
/// What a runner decides at start: ports, replicas and tokens, as JSON. Each entry is one instance of an app of the run file; several
/// entries with one app id are its replicas. Apps without an entry keep what the run file says.
/// </summary>
/// <example>[{ "appId": "worker", "name": "worker-2", "appPort": 8108, "httpPort": 3509, "grpcPort": 50109, "metricsPort": 9108, "apiToken": "a", "appToken": "b", "env": {} }]</example>
public static class PortsFile
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>Puts the decisions of a ports file into the apps of a run file.</summary>
    /// <exception cref="SidecarConfigurationException">Not readable, or names an app that the run file does not have.</exception>
    public static IReadOnlyList<AppSettings> Apply(string path, IReadOnlyList<AppSettings> apps)
    {
        List<Entry> entries;
        try
        {
            entries = JsonSerializer.Deserialize<List<Entry>>(File.ReadAllBytes(path), Web) ?? [];
        }
        catch (Exception broken) when (broken is JsonException or IOException)
        {
            throw new SidecarConfigurationException($"{path}: not a ports file: {broken.Message}", broken);
        }

        if (entries.Find(entry => apps.All(app => app.AppId != entry.AppId)) is { } unknown)
        {
            throw new SidecarConfigurationException($"{path}: app \"{unknown.AppId}\" is not in the run file.");
        }

        return [.. apps.SelectMany(app => entries.Exists(entry => entry.AppId == app.AppId)
            ? entries.Where(entry => entry.AppId == app.AppId).Select(entry => entry.Over(app))
            : [app])];
    }

    private sealed record Entry(
        string AppId, string? Name, int? AppPort, int? HttpPort, int? GrpcPort, int? MetricsPort, string? ApiToken, string? AppToken, Dictionary<string, string>? Env)
    {
        public AppSettings Over(AppSettings app)
        {
            var environment = new Dictionary<string, string>(app.Environment);
            foreach (var (name, value) in Env ?? [])
            {
                environment[name] = value;
            }

            return app with
            {
                Name = Name ?? app.Name,
                AppPort = AppPort ?? app.AppPort,
                HttpPort = HttpPort ?? app.HttpPort,
                GrpcPort = GrpcPort ?? app.GrpcPort,
                MetricsPort = MetricsPort ?? app.MetricsPort,
                ApiToken = ApiToken ?? app.ApiToken,
                AppToken = AppToken ?? app.AppToken,
                Environment = environment,
            };
        }
    }
}
