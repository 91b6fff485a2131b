using System.Net;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Resources;

namespace EmbeddedSidecar.Hosting;

/// <summary>Reads the multi-app file of <c>dapr run -f</c>: what each app's sidecar is to be. Commands are the runner's matter.</summary>
public static class RunFile
{
    // Matters of the runner, of processes that do not exist here, or of observation: no effect on what an app sees.
    private static readonly string[] WithoutEffect =
    [
        "command", "daprdLogDestination", "appLogDestination", "metricsPort", "profilePort", "daprInternalGRPCPort", "placementHostAddress",
        "schedulerHostAddress", "enableApiLogging", "enableProfiling", "runtimePath", "logLevel", "containerImage",
        "containerImagePullPolicy", "createService",
    ];

    private static readonly string[] Shared =
    [
        "resourcesPaths", "resourcesPath", "configFilePath", "appProtocol", "apiListenAddresses", "appMaxConcurrency", "maxBodySize", "readBufferSize",
        "enableAppHealthCheck", "appHealthCheckPath", "appHealthProbeInterval", "appHealthProbeTimeout", "appHealthThreshold", "appSSL", "env",
    ];

    private static readonly string[] PerApp =
        ["appDirPath", "appID", "appPort", "appChannelAddress", "daprHTTPPort", "daprGRPCPort", "unixDomainSocket"];

    /// <summary>One entry per app of the file.</summary>
    /// <param name="path">The file, or a folder with a dapr.yaml in it.</param>
    /// <exception cref="SidecarConfigurationException">Broken, or asks for what the embedded sidecar cannot do.</exception>
    public static IReadOnlyList<AppSettings> Read(string path)
    {
        var file = Path.GetFullPath(Directory.Exists(path) ? Path.Combine(path, "dapr.yaml") : path);
        if (!File.Exists(file))
        {
            throw new SidecarConfigurationException($"{file}: this run file does not exist.");
        }

        using var text = File.OpenText(file);
        if (YamlMap.Documents(text, file) is not [var run])
        {
            throw new SidecarConfigurationException($"{file}: a run file is one YAML document.");
        }

        run.RefuseOthers("a run file", "version", "name", "common", "apps");
        if (run.Integer("version") != 1)
        {
            throw run.Refuse("version", "must be 1");
        }

        var folder = Path.GetDirectoryName(file)!;
        var common = run.Map("common");
        common?.RefuseOthers("common", [.. Shared, .. WithoutEffect]);
        return [.. run.Maps("apps").Select(app => App(app, common, folder))];
    }

    private static AppSettings App(YamlMap app, YamlMap? common, string folder)
    {
        app.RefuseOthers("an app", [.. PerApp, .. Shared, .. WithoutEffect]);
        var directory = Path.GetFullPath(app.Required("appDirPath"), folder);
        if (!Directory.Exists(directory))
        {
            throw app.Refuse("appDirPath", $"names a folder that does not exist: {directory}");
        }

        Refuse(app, common);
        var environment = new Dictionary<string, string>(common?.Pairs("env") ?? new Dictionary<string, string>());
        foreach (var (name, value) in app.Pairs("env"))
        {
            environment[name] = value;
        }

        return new AppSettings
        {
            AppId = app.Text("appID") is { Length: > 0 } id ? id : Path.GetFileName(directory),
            AppPort = app.Integer("appPort") ?? 0,
            IsGrpcApp = Either(app, common, "appProtocol") == "grpc",
            HealthCheck = HealthCheck(app, common),
            AppAddress = app.Text("appChannelAddress") is { Length: > 0 } address ? address : "127.0.0.1",
            HttpPort = Math.Max(0, app.Integer("daprHTTPPort") ?? 0),
            GrpcPort = Math.Max(0, app.Integer("daprGRPCPort") ?? 0),
            // Where the CLI would take any free port, nobody could find the metrics: then there are none.
            MetricsPort = app.Integer("metricsPort") is { } metrics and > 0 ? metrics : null,
            MaxBodyBytes = Either(app, common, "maxBodySize") is { } size ? ByteSize.Parse(app, "maxBodySize", size) : 4 << 20,
            ReadBufferBytes = Either(app, common, "readBufferSize") is { } head ? ByteSize.Parse(app, "readBufferSize", head) : 4 << 10,
            WorkingDirectory = directory,
            MaxConcurrency = (app.Integer("appMaxConcurrency") is { } own and not 0 ? own : common?.Integer("appMaxConcurrency")) ?? 0,
            ResourcePaths = Resources(app, common, directory, folder),
            ConfigFile = Configuration(app, common, directory, folder),
            Environment = environment,
            ListenAddress = Listen(app, common),
        };
    }

    private static void Refuse(YamlMap app, YamlMap? common)
    {
        if (Either(app, common, "appProtocol") is { } protocol && protocol is not ("http" or "grpc"))
        {
            throw app.Refuse("appProtocol", $"{protocol} is not supported by the embedded sidecar; only http and grpc are");
        }

        if (app.Flag("appSSL") || common?.Flag("appSSL") == true)
        {
            throw app.Refuse("appSSL", "is not supported by the embedded sidecar");
        }

        if (app.Text("unixDomainSocket") is { Length: > 0 })
        {
            throw app.Refuse("unixDomainSocket", "is not supported by the embedded sidecar");
        }
    }

    // Numbers of 0 or less stand for the standard, as in daprd.
    private static AppHealthCheck? HealthCheck(YamlMap app, YamlMap? common)
    {
        if (!app.Flag("enableAppHealthCheck") && common?.Flag("enableAppHealthCheck") != true)
        {
            return null;
        }

        var check = new AppHealthCheck();
        check = check with
        {
            Path = Either(app, common, "appHealthCheckPath") ?? check.Path,
            Interval = Number("appHealthProbeInterval") is { } seconds ? TimeSpan.FromSeconds(seconds) : check.Interval,
            Timeout = Number("appHealthProbeTimeout") is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : check.Timeout,
            Threshold = Number("appHealthThreshold") ?? check.Threshold,
        };
        return check.Timeout <= check.Interval ? check : throw app.Refuse("appHealthProbeTimeout", "must not be longer than appHealthProbeInterval");

        int? Number(string name) => app.Integer(name) is > 0 and var own ? own : common?.Integer(name) is > 0 and var shared ? shared : null;
    }

    private static string? Either(YamlMap app, YamlMap? common, string name) =>
        app.Text(name) is { Length: > 0 } own ? own : common?.Text(name) is { Length: > 0 } shared ? shared : null;

    // The app's own paths, its .dapr/resources, the common ones, the user's: the first that exists.
    private static List<string> Resources(YamlMap app, YamlMap? common, string directory, string folder)
    {
        if (Named(app, directory) is { Count: > 0 } own)
        {
            return own;
        }

        var beside = Path.Combine(directory, ".dapr", "resources");
        if (Directory.Exists(beside))
        {
            return [beside];
        }

        if (common is not null && Named(common, folder) is { Count: > 0 } shared)
        {
            return shared;
        }

        var users = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".dapr", "components");
        return Directory.Exists(users) ? [users] : [];
    }

    private static List<string> Named(YamlMap map, string folder)
    {
        var paths = map.Texts("resourcesPaths").Concat(map.Text("resourcesPath") is { Length: > 0 } one ? [one] : []);
        return [.. paths.Select(path => Path.GetFullPath(path, folder))];
    }

    private static string? Configuration(YamlMap app, YamlMap? common, string directory, string folder)
    {
        if (app.Text("configFilePath") is { Length: > 0 } own)
        {
            return Path.GetFullPath(own, directory);
        }

        var beside = Path.Combine(directory, ".dapr", "config.yaml");
        if (File.Exists(beside))
        {
            return beside;
        }

        // The user's own configuration only says where traces go; it is left out.
        return common?.Text("configFilePath") is { Length: > 0 } shared ? Path.GetFullPath(shared, folder) : null;
    }

    private static IPAddress Listen(YamlMap app, YamlMap? common) =>
        Either(app, common, "apiListenAddresses") is not { } text ? IPAddress.Loopback
        : IPAddress.TryParse(text, out var address) ? address
        : throw app.Refuse("apiListenAddresses", "must be one IP address");
}
