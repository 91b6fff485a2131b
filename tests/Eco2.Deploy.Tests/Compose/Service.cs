using System.Text.RegularExpressions;

namespace Eco2.Deploy.Tests.Compose;

/// <summary>A service as Compose sees it after merging.</summary>
internal sealed partial record Service(string Name, IReadOnlyDictionary<object, object> Settings)
{
    public string? Text(string setting) => Settings.GetValueOrDefault(setting) as string;

    public IReadOnlyList<string> List(string setting) => Settings.GetValueOrDefault(setting) switch
    {
        IEnumerable<object> items => [.. items.Select(item => item.ToString()!)],
        IReadOnlyDictionary<object, object> map => [.. map.Keys.Select(key => key.ToString()!)],
        IDictionary<object, object> map => [.. map.Keys.Select(key => key.ToString()!)],
        _ => [],
    };

    public IReadOnlyDictionary<string, string> Map(string setting) => Settings.GetValueOrDefault(setting) is IDictionary<object, object> map
        ? map.ToDictionary(pair => pair.Key.ToString()!, pair => pair.Value?.ToString() ?? "")
        : new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Environment => Map("environment");

    /// <summary>The value of a flag of the command, such as <c>--app-id=scan</c>.</summary>
    public string? Flag(string name) => List("command").FirstOrDefault(word => word.StartsWith($"--{name}=", StringComparison.Ordinal))?[(name.Length + 3)..];

    public IEnumerable<Dependency> Dependencies => Settings.GetValueOrDefault("depends_on") switch
    {
        IDictionary<object, object> map => map.Select(pair => Dependency.Of(pair.Key.ToString()!, (IDictionary<object, object>)pair.Value)),
        _ => List("depends_on").Select(name => new Dependency(name, "service_started", true)),
    };

    /// <summary>Source, target and mode of each; a source with a path is a file or folder of ours.</summary>
    public IEnumerable<(string Source, string Target, string Mode)> Volumes => List("volumes").Select(volume => Colon().Split(volume))
        .Select(parts => (parts[0], parts[1], parts.Length > 2 ? parts[2] : "rw"));

    // Not the colon of ${NAME:-default}.
    [GeneratedRegex(@":(?![-?])")]
    private static partial Regex Colon();
}

internal sealed record Dependency(string Name, string Condition, bool Required)
{
    public static Dependency Of(string name, IDictionary<object, object> settings) =>
        new(name, settings["condition"].ToString()!, settings.TryGetValue("required", out var required) is false || required.ToString() != "false");
}
