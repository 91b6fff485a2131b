using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Eco2.Worker.Models;

/// <summary>Writes the strict JSON Schemas that providers hold their models to: everything required, nothing else allowed.</summary>
internal static class JsonShape
{
    internal static JsonObject Object(params ReadOnlySpan<(string Name, JsonObject Shape)> members)
    {
        var (properties, required) = (new JsonObject(), new JsonArray());
        foreach (var (name, shape) in members)
        {
            properties.Add(name, shape);
            required.Add((JsonNode)name);
        }

        return new JsonObject { ["type"] = "object", ["properties"] = properties, ["required"] = required, ["additionalProperties"] = false };
    }

    /// <summary>What a model is told to answer with.</summary>
    internal static ChatResponseFormat Format(string name, JsonObject shape) => ChatResponseFormat.ForJsonSchema(JsonSerializer.SerializeToElement(shape), name);

    internal static JsonObject List(JsonObject items) => new() { ["type"] = "array", ["items"] = items };

    internal static JsonObject Number() => new() { ["type"] = "number" };

    internal static JsonObject Text() => new() { ["type"] = "string" };

    internal static JsonObject TextOrNull() => new() { ["type"] = new JsonArray("string", "null") };

    internal static JsonObject OneOf(IEnumerable<string> values) => new() { ["type"] = "string", ["enum"] = new JsonArray([.. values.Select(v => (JsonNode)v)]) };

    internal static JsonObject OneOfOrNull(IEnumerable<string> values) =>
        new() { ["type"] = new JsonArray("string", "null"), ["enum"] = new JsonArray([.. values.Select(v => (JsonNode?)v), null]) };
}
