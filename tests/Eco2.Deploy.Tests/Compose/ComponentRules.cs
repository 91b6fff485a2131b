using System.Text.RegularExpressions;
using Eco2.Testing;

namespace Eco2.Deploy.Tests.Compose;

/// <summary>What the components of a target name is there: variables in daprd's environment, hosts among the services, folders among the volumes.</summary>
internal static partial class ComponentRules
{
    /// <summary>The targets that need no cloud.</summary>
    public static IEnumerable<string> Targets { get; } = [.. ((string[])["redis", "rabbitmq"]).Where(name => Directory.Exists(Folder(name)))];

    /// <param name="project">The services.</param>
    /// <param name="target">A folder of components/.</param>
    /// <param name="overlaid">With the object store and the mail catcher of deploy/compose.</param>
    public static IEnumerable<string> Complaints(ComposeProject project, string target, bool overlaid)
    {
        var own = project.Texts.Where(pair => pair.Key.StartsWith("components/", StringComparison.Ordinal)).ToDictionary(pair => Path.GetFileName(pair.Key), pair => pair.Value);
        foreach (var stray in own.Keys.Where(file => !File.Exists(Path.Combine(Folder(target), file))))
        {
            yield return $"components/{target} has no {stray} to lay another over";
        }

        foreach (var path in Directory.GetFiles(Folder(target), "*.yaml"))
        {
            var text = overlaid && own.TryGetValue(Path.GetFileName(path), out var laid) ? laid : File.ReadAllText(path);
            foreach (var app in RunFile.Apps)
            {
                foreach (var complaint in Complaints(project, text, app.AppID))
                {
                    yield return $"{Path.GetFileName(path)} for {app.AppID}: {complaint}";
                }
            }
        }
    }

    private static IEnumerable<string> Complaints(ComposeProject project, string text, string app)
    {
        if (!project.Services.TryGetValue(app + "-dapr", out var sidecar))
        {
            yield break;
        }

        foreach (var document in text.Split("\n---").Where(part => part.Contains("\nkind:", StringComparison.Ordinal)).Select(ComposeProject.Read).Where(d => d.GetValueOrDefault("kind") as string == "Component" && IsFor(d, app)))
        {
            foreach (var setting in ((IEnumerable<object>)((IDictionary<object, object>)document["spec"])["metadata"]).Cast<IDictionary<object, object>>())
            {
                var name = setting["name"].ToString()!;
                var value = setting.TryGetValue("value", out var plain) ? plain.ToString()! : null;
                if (setting.TryGetValue("envRef", out var variable) && !sidecar.Environment.TryGetValue(variable.ToString()!, out value))
                {
                    yield return $"its sidecar has no {variable}";
                }
                else if (Host(name, ComposeProject.Expand(value ?? "")) is { } host && !project.Meet(sidecar.Name, host))
                {
                    yield return $"{name} is at {host}, which is no service that it reaches";
                }
                else if (name == "rootPath" && !sidecar.Volumes.Any(volume => volume.Target == value && volume.Mode == "rw"))
                {
                    yield return $"{value} is no volume";
                }
            }
        }
    }

    private static bool IsFor(Dictionary<object, object> document, string app) =>
        document.GetValueOrDefault("scopes") is not IEnumerable<object> scopes || scopes.Contains(app);

    private static string? Host(string setting, string value) => setting switch
    {
        "redisHost" => value.Split(':')[0],
        "host" => value,
        "connectionString" when KeyedHost().Match(value) is { Success: true } match => match.Groups[1].Value,
        _ when Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.Host != "" => uri.Host,
        _ => null,
    };

    private static string Folder(string target) => Path.Combine(Checkout.Root, "components", target);

    [GeneratedRegex(@"(?:^|[\s;])host=(\S+)", RegexOptions.IgnoreCase)]
    private static partial Regex KeyedHost();
}
