using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Eco2.Worker.Knowledge;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Eco2.Worker.Tests.Knowledge;

/// <summary>The schemas that editors use describe the files as they are. Reads the part of JSON Schema that they use.</summary>
public sealed class SchemaTests
{
    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(KnowledgeBase.DefaultDirectory, "*.yaml", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(KnowledgeBase.DefaultDirectory, f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_knowledge_file_fits_its_schema(string file) => Assert.Empty(Faults(file, text => text));

    [Theory]
    [InlineData("rules/glass.yaml", "mistakes:", "misteaks:")]
    [InlineData("rules/glass.yaml", "key: glass", "key: Glass!")]
    [InlineData("rules/glass.yaml", "order: 1", "order: first")]
    [InlineData("tags.yaml", "class: SB", "class: BS")]
    [InlineData("taxonomy.yaml", "rewardable: true", "rewardable: maybe")]
    [InlineData("words.yaml", "say: [newspaper]", "says: [newspaper]")]
    public void A_schema_sees_what_does_not_fit(string file, string from, string to) =>
        Assert.NotEmpty(Faults(file, text => text.Replace(from, to, StringComparison.Ordinal)));

    private static List<string> Faults(string file, Func<string, string> change)
    {
        var name = file.StartsWith("rules", StringComparison.Ordinal) ? "rule" : Path.GetFileNameWithoutExtension(file);
        var schema = JsonNode.Parse(File.ReadAllText(Path.Combine(SchemaDirectory(), name + ".schema.json")))!.AsObject();
        var yaml = new YamlStream();
        yaml.Load(new StringReader(change(File.ReadAllText(Path.Combine(KnowledgeBase.DefaultDirectory, file)))));
        var faults = new List<string>();
        Check(yaml.Documents[0].RootNode, schema, schema, name, faults);
        return faults;
    }

    private static void Check(YamlNode node, JsonObject schema, JsonObject root, string at, List<string> faults)
    {
        if ((string?)schema["$ref"] is { } reference)
            schema = root["$defs"]![reference.Split('/')[^1]]!.AsObject();
        switch ((string?)schema["type"], node)
        {
            case ("object", YamlMappingNode map):
                var keys = map.Children.ToDictionary(c => ((YamlScalarNode)c.Key).Value!, c => c.Value);
                foreach (var required in schema["required"]!.AsArray())
                    if (!keys.ContainsKey((string)required!)) faults.Add($"{at}: {required} is missing");
                foreach (var (key, value) in keys)
                {
                    if (schema["properties"]![key] is { } property) Check(value, property.AsObject(), root, $"{at}/{key}", faults);
                    else faults.Add($"{at}: unknown key {key}");
                }
                break;
            case ("array", YamlSequenceNode list):
                foreach (var child in list) Check(child, schema["items"]!.AsObject(), root, at, faults);
                break;
            case ("string", YamlScalarNode { Value: { } text }):
                if (text.Length < ((int?)schema["minLength"] ?? 0) || text.Length > ((int?)schema["maxLength"] ?? int.MaxValue)) faults.Add($"{at}: length of {text}");
                if ((string?)schema["pattern"] is { } pattern && !Regex.IsMatch(text, pattern)) faults.Add($"{at}: {text} does not match");
                if (schema["enum"] is JsonArray allowed && allowed.All(a => (string?)a != text)) faults.Add($"{at}: {text} is not allowed");
                break;
            case ("integer", YamlScalarNode { Value: { } number }) when int.TryParse(number, out _):
            case ("boolean", YamlScalarNode { Value: "true" or "false" }):
                break;
            default:
                faults.Add($"{at}: must be {schema["type"]}");
                break;
        }
    }

    private static string SchemaDirectory([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../workflows/worker/Knowledge/schemas"));
}
