namespace Eco2.Deploy.Tests.Compose;

/// <summary>Every app has its daprd, and both say what <c>dapr.yaml</c> says.</summary>
internal static class SidecarRules
{
    private const string Suffix = "-dapr";

    public static IEnumerable<string> Complaints(ComposeProject project) =>
        [.. Pairs(project), .. RunFile.Apps.Where(app => project.Services.ContainsKey(app.AppID) && project.Services.ContainsKey(app.AppID + Suffix)).SelectMany(app => Agreement(project, app))];

    private static IEnumerable<string> Pairs(ComposeProject project)
    {
        foreach (var app in RunFile.Apps.Select(app => app.AppID))
        {
            foreach (var missing in ((string[])[app, app + Suffix]).Where(name => !project.Services.ContainsKey(name)))
            {
                yield return $"there is no service {missing}";
            }
        }

        foreach (var stray in project.Services.Keys.Where(name => name.EndsWith(Suffix, StringComparison.Ordinal) && RunFile.Apps.All(app => app.AppID + Suffix != name)))
        {
            yield return $"{stray} has no app";
        }

        foreach (var stray in project.Services.Values.Where(s => s.Settings.ContainsKey("build") && RunFile.Apps.All(app => app.AppID != s.Name)))
        {
            yield return $"dapr.yaml does not know {stray.Name}";
        }
    }

    private static IEnumerable<string> Agreement(ComposeProject project, RunApp app)
    {
        var (service, sidecar) = (project.Services[app.AppID], project.Services[app.AppID + Suffix]);
        var expected = new Dictionary<string, string>
        {
            ["app-id"] = app.AppID,
            ["app-port"] = $"{app.AppPort}",
            ["app-channel-address"] = app.AppID,
            ["dapr-http-port"] = $"{app.DaprHTTPPort}",
            ["dapr-grpc-port"] = $"{app.DaprGRPCPort}",
            ["max-body-size"] = RunFile.MaxBodySize,
            ["resources-path"] = "/components",
        };
        foreach (var (flag, value) in expected.Where(pair => sidecar.Flag(pair.Key) != pair.Value))
        {
            yield return $"{sidecar.Name}: --{flag} is {sidecar.Flag(flag) ?? "absent"}, not {value}";
        }

        foreach (var (variable, value) in ((string, string)[])[("DAPR_HTTP_ENDPOINT", $"http://{sidecar.Name}:{app.DaprHTTPPort}"), ("DAPR_GRPC_ENDPOINT", $"http://{sidecar.Name}:{app.DaprGRPCPort}")])
        {
            if (service.Environment.GetValueOrDefault(variable) != value)
            {
                yield return $"{app.AppID}: {variable} is not {value}";
            }
        }

        foreach (var token in ((string[])["DAPR_API_TOKEN", "APP_API_TOKEN"]).Where(token => service.Environment.GetValueOrDefault(token) is not { } mine || mine != sidecar.Environment.GetValueOrDefault(token)))
        {
            yield return $"{app.AppID} and its sidecar do not agree on {token}";
        }

        if (!((IEnumerable<object>)sidecar.Map("healthcheck").Keys).Any() || !string.Join(' ', HealthCheck(sidecar)).Contains($"--dapr-http-port={app.DaprHTTPPort}", StringComparison.Ordinal))
        {
            yield return $"{sidecar.Name}: its health is asked elsewhere";
        }

        foreach (var (flag, port) in ((string, string)[])[("placement-host-address", "50005"), ("scheduler-host-address", "50006")])
        {
            if (sidecar.Flag(flag)?.Split(':') is not [var host, var number] || number != port || !project.Meet(sidecar.Name, host) || project.Services[host].Flag("port") != port)
            {
                yield return $"{sidecar.Name}: --{flag} leads nowhere";
            }
        }

        if (!service.Dependencies.Contains(new Dependency(sidecar.Name, "service_healthy", true)) || !project.Meet(service.Name, sidecar.Name))
        {
            yield return $"{app.AppID} does not wait for its sidecar, or cannot reach it";
        }

        var format = (IDictionary<object, object>)((IDictionary<object, object>)((IDictionary<object, object>)project.Document("dapr-config.yaml")["spec"])["nameResolution"])["configuration"];
        if (format["format"].ToString() != $"{{appid}}{Suffix}:{sidecar.Flag("dapr-internal-grpc-port")}")
        {
            yield return $"{sidecar.Name} is not where dapr-config.yaml looks for it";
        }

        if (!project.Services["ready"].List("command").Contains($"http://{sidecar.Name}:{app.DaprHTTPPort}/v1.0/healthz"))
        {
            yield return $"ready does not ask {sidecar.Name}";
        }
    }

    public static IEnumerable<string> HealthCheck(Service service) =>
        service.Settings.GetValueOrDefault("healthcheck") is IDictionary<object, object> check && check["test"] is IEnumerable<object> words ? words.Select(word => word.ToString()!) : [];
}
