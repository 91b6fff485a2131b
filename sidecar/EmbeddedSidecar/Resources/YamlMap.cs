using System.Globalization;
using EmbeddedSidecar.Components;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EmbeddedSidecar.Resources;

/// <summary>A mapping in a YAML file that knows where it stands, so that a complaint can name file and line.</summary>
internal sealed class YamlMap(YamlMappingNode node, string file)
{
    public string File { get; } = file;

    public IEnumerable<string> Names => node.Children.Keys.Select(key => ((YamlScalarNode)key).Value ?? "");

    /// <summary>Reads all documents of one file.</summary>
    public static List<YamlMap> Documents(TextReader text, string file)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(text);
            return [.. stream.Documents
                .Where(document => document.RootNode is not YamlScalarNode { Value: null or "" })
                .Select(document => document.RootNode is YamlMappingNode map
                    ? new YamlMap(map, file)
                    : throw new SidecarConfigurationException($"{file}: a document is not a mapping."))];
        }
        catch (YamlException broken)
        {
            throw new SidecarConfigurationException($"{file}: line {broken.Start.Line}: not valid YAML: {broken.Message}", broken);
        }
    }

    public SidecarConfigurationException Refuse(string name, string why) =>
        new($"{File}: line {(Find(name) ?? node).Start.Line}: {name} {why}.");

    public string? Text(string name) => Find(name) switch
    {
        null => null,
        YamlScalarNode scalar => scalar.Value is "null" or "~" && scalar.Style == ScalarStyle.Plain ? null : scalar.Value,
        _ => throw Refuse(name, "must be a single value"),
    };

    public string Required(string name) => Text(name) is { Length: > 0 } text ? text : throw Refuse(name, "is missing");

    public bool Flag(string name) => Text(name) switch
    {
        null or "" or "false" or "False" or "no" or "off" => false,
        "true" or "True" or "yes" or "on" => true,
        _ => throw Refuse(name, "must be true or false"),
    };

    public int? Integer(string name) =>
        Text(name) is not { Length: > 0 } text ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw Refuse(name, "must be an integer");

    public TimeSpan? Duration(string name) =>
        Text(name) is not { Length: > 0 } text ? null
        : GoDuration.TryParse(text, out var duration) ? duration
        : throw Refuse(name, "must be a duration such as 5s");

    public YamlMap? Map(string name) => Find(name) switch
    {
        null or YamlScalarNode { Value: null or "" } => null,
        YamlMappingNode map => new YamlMap(map, File),
        _ => throw Refuse(name, "must be a mapping"),
    };

    public IReadOnlyList<YamlMap> Maps(string name) =>
        [.. Items(name).Select(item => item is YamlMappingNode map ? new YamlMap(map, File) : throw Refuse(name, "must be a list of mappings"))];

    public IReadOnlyList<string> Texts(string name) =>
        [.. Items(name).Select(item => item is YamlScalarNode scalar ? scalar.Value ?? "" : throw Refuse(name, "must be a list of texts"))];

    /// <summary>A mapping of text to text; absent = empty.</summary>
    public IReadOnlyDictionary<string, string> Pairs(string name) =>
        Map(name) is { } map ? map.Names.ToDictionary(key => key, key => map.Text(key) ?? "", StringComparer.Ordinal) : new Dictionary<string, string>();

    /// <summary>Complains about the first member that is not one of these.</summary>
    public void RefuseOthers(string what, params ReadOnlySpan<string> known)
    {
        foreach (var name in Names)
        {
            if (!known.Contains(name))
            {
                throw Refuse(name, $"of {what} is not supported by the embedded sidecar");
            }
        }
    }

    private IEnumerable<YamlNode> Items(string name) => Find(name) switch
    {
        null or YamlScalarNode { Value: null or "" } => [],
        YamlSequenceNode sequence => sequence.Children,
        _ => throw Refuse(name, "must be a list"),
    };

    private YamlNode? Find(string name) => node.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;
}
