using System.Text.RegularExpressions;
using Eco2.Testing;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Eco2.Deploy.Tests.Compose;

/// <summary><c>deploy/compose</c>: its files laid over one another as <c>COMPOSE_FILE</c> says, and everything beside them.</summary>
internal sealed partial record ComposeProject(
    IReadOnlyDictionary<string, Service> Services,
    IReadOnlyList<string> Networks,
    IReadOnlyList<string> Volumes,
    IReadOnlyDictionary<string, string> Texts,
    IReadOnlyDictionary<string, string> Example)
{
    public static string Folder { get; } = Path.Combine(Checkout.Root, "deploy", "compose");

    /// <summary>As it is, or after a change to one of its files.</summary>
    public static ComposeProject Load(string file = "", string from = "", string to = "")
    {
        var texts = Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(path) != ".env")
            .ToDictionary(path => Path.GetRelativePath(Folder, path), File.ReadAllText);
        if (file != "")
        {
            texts[file] = texts[file].Contains(from, StringComparison.Ordinal)
                ? texts[file].Replace(from, to, StringComparison.Ordinal)
                : throw new InvalidOperationException($"{file} does not say: {from}");
        }

        var example = texts[".env.example"].Split('\n').Where(line => Assignment().IsMatch(line)).Select(line => line.TrimStart('#').Split('=', 2))
            .GroupBy(pair => pair[0]).ToDictionary(group => group.Key, group => group.First()[1]);
        var files = example["COMPOSE_FILE"].Split(':').Select(name => Read(texts[name])).ToList();
        IEnumerable<(string Name, object? Value)> All(string section) => files.Where(f => f.ContainsKey(section))
            .SelectMany(f => (IDictionary<object, object>)f[section]).Select(pair => (pair.Key.ToString()!, (object?)pair.Value));
        return new ComposeProject(
            All("services").ToDictionary(pair => pair.Name, pair => new Service(pair.Name, (Dictionary<object, object>)pair.Value!)),
            [.. All("networks").Select(pair => pair.Name)],
            [.. All("volumes").Select(pair => pair.Name)],
            texts,
            example);
    }

    public IReadOnlyDictionary<object, object> Document(string file) => Read(Texts[file]);

    /// <summary>Whether two services are on one network.</summary>
    public bool Meet(string one, string other) => Services.ContainsKey(one) && Services.ContainsKey(other)
        && Services[one].List("networks").Intersect(Services[other].List("networks")).Any();

    /// <summary>The value with the variables' defaults put in.</summary>
    public static string Expand(string value) => Variable().IsMatch(value) ? Expand(Variable().Replace(value, match => match.Groups["default"].Value)) : value;

    public static Dictionary<object, object> Read(string yaml) =>
        new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(new MergingParser(new Parser(new StringReader(yaml))));

    // The innermost of those that stand in one another.
    [GeneratedRegex(@"\$\{(?<name>\w+)(?::-(?<default>[^${}]*)|:\?[^}]*)?\}")]
    internal static partial Regex Variable();

    [GeneratedRegex("^#?[A-Z][A-Z0-9_]*=")]
    private static partial Regex Assignment();
}
