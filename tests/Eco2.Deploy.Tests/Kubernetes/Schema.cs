using System.Text.RegularExpressions;
using Eco2.Testing;
using YamlDotNet.RepresentationModel;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>The shapes in <c>Schemas/</c>; the notation is explained at the top of kubernetes.yaml.</summary>
internal static partial class Schema
{
    private static readonly Dictionary<string, Node> Shapes = Directory.GetFiles(Path.Combine(Checkout.Root, "tests/Eco2.Deploy.Tests/Kubernetes/Schemas"), "*.yaml")
        .SelectMany(file => Manifest.Read(File.ReadAllText(file)).Single().Root.Pairs)
        .ToDictionary(pair => pair.Key, pair => pair.Value);

    private static readonly Dictionary<string, Func<Node, bool>> Scalars = new()
    {
        ["any"] = _ => true,
        ["string"] = node => node.IsText || node is { Yaml: YamlScalarNode { Value.Length: > 0 }, IsText: true } || node is { Text: "", Yaml: YamlScalarNode { Style: not YamlDotNet.Core.ScalarStyle.Plain } },
        ["int"] = node => !node.IsText && Int().IsMatch(node.Text),
        ["bool"] = node => !node.IsText && node.Text is "true" or "false",
        ["intOrString"] = node => Int().IsMatch(node.Text) ? !node.IsText : node.IsText,
        ["name"] = node => node.Text.Length <= 63 && DnsLabel().IsMatch(node.Text),
        ["label"] = node => node.IsText && node.Text.Length <= 63 && Label().IsMatch(node.Text),
        ["host"] = node => node.Text.Split('.').All(part => DnsLabel().IsMatch(part)),
        ["path"] = node => node.Text.StartsWith('/'),
        ["duration"] = node => Duration().IsMatch(node.Text),
        ["quantity"] = node => Quantity().IsMatch(node.Text),
    };

    public static IEnumerable<string> Complaints(Manifest manifest) =>
        Shapes.TryGetValue(manifest.Type, out var shape)
            ? Complaints(manifest.Id, new Node(new YamlMappingNode(((YamlMappingNode)manifest.Root.Yaml!).Children.Where(pair => ((YamlScalarNode)pair.Key).Value is not ("apiVersion" or "kind")))), shape)
            : [$"{manifest.Id}: {manifest.Type} is no kind we use"];

    private static IEnumerable<string> Complaints(string where, Node node, Node shape) => shape.Yaml switch
    {
        YamlMappingNode => Object(where, node, shape),
        YamlSequenceNode => List(where, node, shape.Items.Single()),
        _ => Scalar(where, node, shape.Text),
    };

    private static IEnumerable<string> Object(string where, Node node, Node shape)
    {
        if (node.Yaml is not YamlMappingNode)
        {
            return [$"{where} should be an object"];
        }

        var known = shape.Pairs.ToDictionary(pair => pair.Key.TrimEnd('!'), pair => pair.Value);
        return [
            .. shape.Pairs.Where(pair => pair.Key.EndsWith('!') && !node.Member(pair.Key[..^1]).IsThere).Select(pair => $"{where} lacks {pair.Key[..^1]}"),
            .. node.Pairs.SelectMany(pair => known.TryGetValue(pair.Key, out var inner) ? Complaints($"{where}.{pair.Key}", pair.Value, inner) : [$"{where} knows no {pair.Key}"])];
    }

    private static IEnumerable<string> List(string where, Node node, Node shape) =>
        node.Yaml is YamlSequenceNode ? node.Items.SelectMany((item, at) => Complaints($"{where}[{at}]", item, shape)) : [$"{where} should be a list"];

    private static IEnumerable<string> Scalar(string where, Node node, string type) => type[0] switch
    {
        '$' => Complaints(where, node, Shapes[type]),
        '[' => List(where, node, new Node(new YamlScalarNode(type[1..^1]))),
        '{' => node.Yaml is YamlMappingNode ? node.Pairs.SelectMany(pair => Complaints($"{where}.{pair.Key}", pair.Value, new Node(new YamlScalarNode(type[1..^1])))) : [$"{where} should be a map"],
        '=' => node.Yaml is YamlScalarNode && type[1..].Split('|').Contains(node.Text, StringComparer.Ordinal) ? [] : [$"{where} is {node.Text}, not one of {type[1..]}"],
        _ => node.Yaml is YamlScalarNode && Scalars[type](node) || type == "any" ? [] : [$"{where} is {node.Text}, no {type}"],
    };

    [GeneratedRegex(@"^-?\d+$")]
    private static partial Regex Int();

    [GeneratedRegex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")]
    private static partial Regex DnsLabel();

    [GeneratedRegex("^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$")]
    private static partial Regex Label();

    [GeneratedRegex(@"^(\d+(ms|s|m|h))+$")]
    private static partial Regex Duration();

    [GeneratedRegex(@"^\d+(\.\d+)?(m|Ki|Mi|Gi|Ti)?$")]
    private static partial Regex Quantity();
}
