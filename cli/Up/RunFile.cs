using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Eco2.Cli.Up;

/// <summary>The file of <c>dapr run -f</c>. Its fields are those of the Dapr CLI; others, and those that eco2 can't honour, are refused.</summary>
internal sealed class RunFile
{
    // Of the CLI alone: eco2 has one place for logs, chooses the components itself, and runs its own control plane and nothing in containers.
    private static readonly string[] OfTheCli =
        ["daprdLogDestination", "appLogDestination", "resourcesPaths", "resourcesPath", "apiListenAddresses", "placementHostAddress", "schedulerHostAddress", "runtimePath",
         "containerImage", "containerImagePullPolicy", "createService"];

    private static readonly string[] Shared = ["env", "configFilePath", .. RunFileApp.Arguments.Select(one => one.Field), .. OfTheCli];

    private static readonly string[] PerApp = ["appID", "appDirPath", "appPort", "daprHTTPPort", "daprGRPCPort", "daprInternalGRPCPort", "metricsPort", "command", "appChannelAddress", .. Shared];

    public IReadOnlyList<RunFileApp> Apps { get; }

    private RunFile(string path, Document document)
    {
        Refuse(document.Common.Keys.Except(Shared), "common");
        Apps = [.. document.Apps.Select(app => new RunFileApp(app, document.Common, Path.GetDirectoryName(path)!))];
        foreach (var (app, own) in Apps.Zip(document.Apps))
        {
            Refuse(own.Keys.Except(PerApp), app.Id);
        }
    }

    public static RunFile Read(string path)
    {
        try
        {
            return new RunFile(path, new DeserializerBuilder().Build().Deserialize<Document>(File.ReadAllText(path)));
        }
        catch (YamlException broken)
        {
            throw new UserMessageException($"dapr.yaml line {broken.Start.Line}: {broken.InnerException?.Message ?? broken.Message}");
        }
    }

    private static void Refuse(IEnumerable<string> unknown, string where)
    {
        if (unknown.FirstOrDefault() is { } field)
        {
            throw new UserMessageException($"dapr.yaml: {where} has {field}, which eco2 does not know or can't do.");
        }
    }

    private sealed class Document
    {
        [YamlMember(Alias = "version")]
        public int Version { get; init; }

        [YamlMember(Alias = "name")]
        public string Name { get; init; } = "";

        [YamlMember(Alias = "common")]
        public Dictionary<string, object> Common { get; init; } = [];

        [YamlMember(Alias = "apps")]
        public List<Dictionary<string, object>> Apps { get; init; } = [];
    }
}

/// <summary>One app of it. What it says wins over what is common, unless it is empty, 0 or false.</summary>
internal sealed class RunFileApp(Dictionary<string, object> own, Dictionary<string, object> common, string folder)
{
    /// <summary>Fields that daprd has an argument for, and nothing else needs.</summary>
    public static readonly (string Field, string Argument, bool IsSwitch)[] Arguments =
    [
        ("appChannelAddress", "--app-channel-address", false),
        ("appMaxConcurrency", "--app-max-concurrency", false),
        ("appProtocol", "--app-protocol", false),
        ("maxBodySize", "--max-body-size", false),
        ("readBufferSize", "--read-buffer-size", false),
        ("logLevel", "--log-level", false),
        ("enableAppHealthCheck", "--enable-app-health-check", true),
        ("appHealthCheckPath", "--app-health-check-path", false),
        ("appHealthProbeInterval", "--app-health-probe-interval", false),
        ("appHealthProbeTimeout", "--app-health-probe-timeout", false),
        ("appHealthThreshold", "--app-health-threshold", false),
        ("enableApiLogging", "--enable-api-logging", true),
    ];

    public string Id => Text("appID") ?? Path.GetFileName(Folder);

    public string Folder => Path.GetFullPath(Text("appDirPath") ?? throw new UserMessageException("dapr.yaml: every app needs an appDirPath."), folder);

    public IReadOnlyList<string> Command => own.TryGetValue("command", out var words) && words is List<object> list ? [.. list.Cast<string>()] : [];

    public IReadOnlyDictionary<string, string> Environment =>
        Variables(common).Concat(Variables(own)).GroupBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last().Value);

    /// <summary>What daprd is told beside ports, addresses and components.</summary>
    public IReadOnlyList<string> SidecarArguments =>
    [
        .. Arguments.Where(one => Text(one.Field) is not null).SelectMany(one => one.IsSwitch ? [one.Argument] : (string[])[one.Argument, Text(one.Field)!]),
        .. Configuration() is { } file ? ["--config", file] : Array.Empty<string>(),
    ];

    public string Protocol => Text("appProtocol")?.ToLowerInvariant() ?? "http";

    public string ChannelAddress => Text("appChannelAddress") ?? "";

    /// <summary>A port, or 0.</summary>
    public int Port(string field) =>
        Text(field) is not { } text ? 0
        : int.TryParse(text, CultureInfo.InvariantCulture, out var port) ? Math.Max(0, port)
        : throw new UserMessageException($"dapr.yaml: {field} of {Id} is {text}, which is no port.");

    // As the CLI looks for it, but for the file in the user's home: what a machine has there is nothing of the product's.
    private string? Configuration()
    {
        var beside = Path.Combine(Folder, ".dapr", "config.yaml");
        return Value(own, "configFilePath") is { } named ? Path.GetFullPath(named, Folder)
            : File.Exists(beside) ? beside
            : Value(common, "configFilePath") is { } shared ? Path.GetFullPath(shared, folder)
            : null;
    }

    private string? Text(string field) => Value(own, field) ?? Value(common, field);

    private static string? Value(Dictionary<string, object> fields, string field) =>
        fields.TryGetValue(field, out var value) && value is string text && text is not ("" or "0" or "false") ? text : null;

    private static IEnumerable<KeyValuePair<string, string>> Variables(Dictionary<string, object> fields) =>
        fields.TryGetValue("env", out var env) && env is Dictionary<object, object> pairs ? pairs.Select(pair => KeyValuePair.Create((string)pair.Key, (string)pair.Value)) : [];
}
