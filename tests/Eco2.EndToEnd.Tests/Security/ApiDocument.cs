using System.Text.Json;
using System.Text.Json.Nodes;
using Eco2.Testing;

namespace Eco2.EndToEnd.Tests.Security;

/// <summary>One operation of the API.</summary>
/// <param name="Path">With its names in braces.</param>
/// <param name="Method">In capitals.</param>
/// <param name="NeedsSignIn">The document asks for credentials.</param>
/// <param name="Query">Names of its query parameters.</param>
/// <param name="Body">A body of the right shape, or null where it takes none in JSON.</param>
/// <param name="TakesPicture">Its body is a picture.</param>
public sealed record Operation(string Path, string Method, bool NeedsSignIn, IReadOnlyList<string> Query, JsonNode? Body, bool TakesPicture)
{
    public string Name => $"{Method} {Path}";
}

/// <summary>The merged OpenAPI document, as it lies in <c>contracts/openapi</c>.</summary>
public static class ApiDocument
{
    private static readonly JsonElement Document = JsonElement.Parse(File.ReadAllBytes(System.IO.Path.Combine(Checkout.Root, "contracts/openapi/eco2.json")));

    public static IReadOnlyList<Operation> Operations { get; } =
    [
        .. from path in Document.GetProperty("paths").EnumerateObject()
           from operation in path.Value.EnumerateObject()
           where operation.Name is "get" or "head" or "post" or "put" or "patch" or "delete"
           select Read(path.Name, operation.Name.ToUpperInvariant(), operation.Value),
    ];

    private static Operation Read(string path, string method, JsonElement operation)
    {
        var content = operation.TryGetProperty("requestBody", out var body) ? body.GetProperty("content") : default;
        var isJson = content.ValueKind == JsonValueKind.Object && content.TryGetProperty("application/json", out _);
        var query = operation.TryGetProperty("parameters", out var parameters)
            ? parameters.EnumerateArray().Select(Resolve).Where(p => p.GetProperty("in").GetString() == "query").Select(p => p.GetProperty("name").GetString()!)
            : [];
        return new Operation(
            path,
            method,
            operation.TryGetProperty("security", out var security) && security.GetArrayLength() > 0,
            [.. query],
            isJson ? Sample(content.GetProperty("application/json").GetProperty("schema"), 0) : null,
            content.ValueKind == JsonValueKind.Object && !isJson);
    }

    private static JsonElement Resolve(JsonElement node)
    {
        while (node.TryGetProperty("$ref", out var reference))
        {
            node = reference.GetString()!.Split('/')[1..].Aggregate(Document, (at, name) => at.GetProperty(name));
        }

        return node;
    }

    private static JsonNode? Sample(JsonElement schema, int depth)
    {
        schema = Resolve(schema);
        if (depth > 6)
        {
            return null;
        }

        if (schema.TryGetProperty("example", out var example))
        {
            return JsonNode.Parse(example.GetRawText());
        }

        if (schema.TryGetProperty("enum", out var values))
        {
            return JsonNode.Parse(values[0].GetRawText());
        }

        foreach (var choice in (string[])["oneOf", "anyOf", "allOf"])
        {
            if (schema.TryGetProperty(choice, out var choices))
            {
                return Sample(choices.EnumerateArray().Last(), depth + 1);
            }
        }

        if (schema.TryGetProperty("properties", out var members))
        {
            return new JsonObject(members.EnumerateObject().Select(member => KeyValuePair.Create(member.Name, Sample(member.Value, depth + 1))));
        }

        return TypeOf(schema) switch
        {
            "integer" or "number" => 1,
            "boolean" => true,
            "array" => new JsonArray(schema.TryGetProperty("items", out var items) ? Sample(items, depth + 1) : null),
            "object" => new JsonObject(),
            _ => schema.TryGetProperty("format", out var format) && format.GetString() == "uuid" ? "0198c0de-0000-7000-8000-000000000001" : "text",
        };
    }

    private static string? TypeOf(JsonElement schema) => !schema.TryGetProperty("type", out var type)
        ? null
        : type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(one => one.GetString()).First(one => one != "null") : type.GetString();
}
