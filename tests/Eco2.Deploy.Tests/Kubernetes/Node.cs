using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>A place in a document, there or not: asking an absent one gives absent ones.</summary>
internal readonly record struct Node(YamlNode? Yaml)
{
    public bool IsThere => Yaml is not null;

    public string Text => (Yaml as YamlScalarNode)?.Value ?? "";

    public int Number => int.TryParse(Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;

    public IEnumerable<Node> Items => Yaml is YamlSequenceNode list ? list.Children.Select(item => new Node(item)) : [];

    public IEnumerable<(string Key, Node Value)> Pairs => Yaml is YamlMappingNode map ? map.Children.Select(pair => (((YamlScalarNode)pair.Key).Value!, new Node(pair.Value))) : [];

    public Dictionary<string, string> Map => Pairs.ToDictionary(pair => pair.Key, pair => pair.Value.Text);

    /// <summary>The member at a path of names, such as <c>spec/template/spec</c>; names with a slash are asked for by <see cref="Member"/>.</summary>
    public Node this[string path] => path.Split('/').Aggregate(this, (node, name) => node.Member(name));

    public Node Member(string name) => new(Yaml is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null);

    /// <summary>Every node in it, itself first.</summary>
    public IEnumerable<Node> Everything()
    {
        yield return this;
        foreach (var inner in Items.Concat(Pairs.Select(pair => pair.Value)).SelectMany(node => node.Everything()))
        {
            yield return inner;
        }
    }

    /// <summary>Whether YAML reads it as text: quoted, or nothing else could be meant.</summary>
    public bool IsText => Yaml is YamlScalarNode { Value: { } value } scalar
        && (scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any)
            || !(value.Length == 0 || value is "true" or "false" or "null" or "~" || double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _)));
}

/// <summary>One object of the cluster.</summary>
internal sealed record Manifest(Node Root)
{
    public string Kind => Root["kind"].Text;

    public string Type => $"{Root["apiVersion"].Text}/{Kind}";

    public string Name => Root["metadata/name"].Text;

    public string Id => $"{Kind}/{Name}";

    public Node Spec => Root["spec"];

    /// <summary>The template of its pods; absent in what has none.</summary>
    public Node Pod => Spec["template"];

    public Dictionary<string, string> Annotations => Root["metadata/annotations"].Map;

    public Dictionary<string, string> PodAnnotations => Pod["metadata/annotations"].Map;

    public Dictionary<string, string> PodLabels => Pod["metadata/labels"].Map;

    public IEnumerable<Node> Containers => Pod["spec/containers"].Items;

    public static IReadOnlyList<Manifest> Read(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Where(document => document.RootNode is YamlMappingNode).Select(document => new Manifest(new Node(document.RootNode)))];
    }
}
