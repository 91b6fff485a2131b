using System.Text.RegularExpressions;
using Eco2.Deploy.Tests.Images;
using Eco2.Testing;

namespace Eco2.Deploy.Tests.Compose;

/// <summary>What every service keeps to: pinned, without rights, without secrets in clear, waiting for what it needs.</summary>
internal static partial class ServiceRules
{
    // Each for the reason that its file gives.
    private static readonly string[] MayBeRoot = ["folders", "fluent-bit"];
    private static readonly string[] MayWrite = ["rabbitmq"];
    private const string Migrations = "-migrations";

    public static IEnumerable<string> Complaints(ComposeProject project) =>
        [.. project.Services.Values.SelectMany(service => Image(project, service).Concat(Rights(service)).Concat(Secrets(service)).Concat(Order(project, service)).Concat(Mounts(project, service)).Concat(Logins(project, service)).Select(said => $"{service.Name}: {said}")), .. Variables(project)];

    private static IEnumerable<string> Image(ComposeProject project, Service service)
    {
        if (service.Name.EndsWith(Migrations, StringComparison.Ordinal))
        {
            if (!project.Services.TryGetValue(service.Name[..^Migrations.Length], out var app) || service.Text("image") != app.Text("image"))
            {
                yield return "its image is not the app's";
            }
        }
        else if (service.Settings.GetValueOrDefault("build") is IDictionary<object, object> build)
        {
            var path = Path.GetRelativePath(Checkout.Root, Path.GetFullPath(Path.Combine(ComposeProject.Folder, build["context"].ToString()!, build["dockerfile"].ToString()!)));
            if (!Dockerfile.Load(path).Targets.Contains(build["target"].ToString()) || service.Text("image")?.StartsWith($"eco2/{service.Name}:", StringComparison.Ordinal) != true)
            {
                yield return "its image is built otherwise";
            }
        }
        else if (service.Text("image") is not { } image || !Pinned().IsMatch(image))
        {
            yield return "its image has no digest";
        }
    }

    private static IEnumerable<string> Rights(Service service)
    {
        var built = service.Settings.ContainsKey("build");
        if (!built && !MayBeRoot.Contains(service.Name) && !NotRoot().IsMatch(service.Text("user") ?? ""))
        {
            yield return "it may be root";
        }

        if (service.Text("read_only") != "true" && !MayWrite.Contains(service.Name))
        {
            yield return "it may write to its image";
        }

        if (!service.List("cap_drop").SequenceEqual(["ALL"]) || (service.List("cap_add").Count > 0 && !MayBeRoot.Contains(service.Name)) || service.Settings.ContainsKey("privileged"))
        {
            yield return "it has capabilities";
        }

        if (!service.List("security_opt").Contains("no-new-privileges:true"))
        {
            yield return "it may gain privileges";
        }

        foreach (var port in service.List("ports").Select(ComposeProject.Expand).Where(port => !port.StartsWith("127.0.0.1:", StringComparison.Ordinal)))
        {
            yield return $"the port {port} is open to everybody";
        }
    }

    private static IEnumerable<string> Secrets(Service service)
    {
        foreach (var (name, value) in service.Environment)
        {
            // What is left when variables without a default are taken away.
            var clear = Reference().Replace(value, "");
            if ((SecretName().IsMatch(name) && clear != "") || SecretInText().IsMatch(clear))
            {
                yield return $"{name} stands in clear";
            }
        }

        if (service.List("command").Any(word => SecretInText().IsMatch(Reference().Replace(word, ""))) || service.List("command").Any(word => word.Contains("${", StringComparison.Ordinal)))
        {
            yield return "its command shows what only its environment may";
        }
    }

    /// <summary>The owner's login is for the migrations alone; an app waits for its own, and enters as itself.</summary>
    private static IEnumerable<string> Logins(ComposeProject project, Service service)
    {
        if (service.Environment.Values.Any(value => value.Contains("{ECO2_POSTGRES_PASSWORD", StringComparison.Ordinal)) && service.Name != "postgres" && !service.Name.EndsWith(Migrations, StringComparison.Ordinal))
        {
            yield return "it has the owner's login";
        }

        if (service.Environment.GetValueOrDefault("ECO2_POSTGRES") is { } login && !service.Name.EndsWith(Migrations, StringComparison.Ordinal))
        {
            if (!login.Contains($"Username=eco2_{service.Name};", StringComparison.Ordinal) || !login.Contains($"{{ECO2_{service.Name.ToUpperInvariant()}_POSTGRES_PASSWORD:", StringComparison.Ordinal))
            {
                yield return "its login is not its own";
            }

            if (!service.Dependencies.Any(dependency => dependency.Name == service.Name + Migrations) || project.Services[service.Name + Migrations].Environment["ECO2_POSTGRES"] != login)
            {
                yield return "its migrations do not come first";
            }
        }
    }

    private static IEnumerable<string> Order(ComposeProject project, Service service)
    {
        foreach (var dependency in service.Dependencies)
        {
            if (!project.Services.TryGetValue(dependency.Name, out var other))
            {
                yield return $"it waits for {dependency.Name}, which is not there";
                continue;
            }

            if (dependency.Condition == "service_healthy" && !SidecarRules.HealthCheck(other).Any())
            {
                yield return $"it waits for the health of {other.Name}, which has no health check";
            }

            if ((dependency.Condition == "service_completed_successfully") != (other.Text("restart") == "no"))
            {
                yield return $"it waits for {other.Name} in the wrong way";
            }

            if (dependency.Required && other.List("profiles").Except(service.List("profiles")).Any())
            {
                yield return $"it waits for {other.Name}, which only some profiles have";
            }
        }
    }

    private static IEnumerable<string> Mounts(ComposeProject project, Service service)
    {
        foreach (var (source, _, mode) in service.Volumes)
        {
            var path = ComposeProject.Expand(source);
            if (!path.Contains('/', StringComparison.Ordinal))
            {
                if (!project.Volumes.Contains(path))
                {
                    yield return $"there is no volume {path}";
                }
            }
            else if (mode != "ro")
            {
                yield return $"it may change {path}";
            }
            else if (path.StartsWith('.') && !Path.Exists(Path.Combine(ComposeProject.Folder, path)))
            {
                yield return $"there is no {path}";
            }
        }

        foreach (var network in service.List("networks").Except(project.Networks))
        {
            yield return $"there is no network {network}";
        }
    }

    /// <summary>Whoever copies .env.example knows every variable there is.</summary>
    private static IEnumerable<string> Variables(ComposeProject project)
    {
        var used = project.Example["COMPOSE_FILE"].Split(':').SelectMany(file => Name().Matches(project.Texts[file])).Select(match => match.Groups[1].Value).ToHashSet();
        foreach (var unknown in used.Except(project.Example.Keys))
        {
            yield return $".env.example does not speak of {unknown}";
        }

        foreach (var idle in project.Example.Keys.Except(used).Where(name => !name.StartsWith("COMPOSE_", StringComparison.Ordinal)))
        {
            yield return $"nothing reads {idle} of .env.example";
        }

        foreach (var (name, value) in project.Example.Where(pair => SecretName().IsMatch(pair.Key) && pair.Value is not ("random" or "")))
        {
            yield return $".env.example shows {name}: {value}";
        }
    }

    [GeneratedRegex("^[a-z0-9._/-]+:[A-Za-z0-9._-]+@sha256:[0-9a-f]{64}$")]
    private static partial Regex Pinned();

    [GeneratedRegex("^[1-9][0-9]*:[0-9]+$")]
    private static partial Regex NotRoot();

    [GeneratedRegex("TOKEN|PASSWORD|PASS$|SECRET|ACCESS_KEY|api-key|REDISCLI_AUTH", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    [GeneratedRegex(@"password\s*=\s*\w|://[^/\s:@]+:[^/\s@]+@|requirepass ""?\w", RegexOptions.IgnoreCase)]
    private static partial Regex SecretInText();

    [GeneratedRegex(@"\$\{\w+(:-|:\?[^}]*)?\}")]
    private static partial Regex Reference();

    [GeneratedRegex(@"(?<!\$)\$\{(\w+)")]
    private static partial Regex Name();
}
