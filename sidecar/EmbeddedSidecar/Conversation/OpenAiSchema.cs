using System.Text.Json;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Conversation;

/// <summary>The schema of an answer, of which daprd's library knows type, description, enum, items, properties, required and additionalProperties.</summary>
internal static class OpenAiSchema
{
    private static readonly string[] Types = ["object", "array", "string", "number", "integer", "boolean", "null"];

    /// <summary>Writes response_format; nothing, when a part has no type: then the model is asked without it.</summary>
    /// <exception cref="ConversationException">A type of which too little is said.</exception>
    public static void Write(Utf8JsonWriter json, Struct schema)
    {
        if (!IsTyped(schema))
        {
            return;
        }

        Check(schema);
        json.WriteStartObject("response_format");
        json.WriteString("type", "json_schema");
        json.WriteStartObject("json_schema");
        json.WriteString("name", Text(schema, "name") is { Length: > 0 } name ? name : "response");
        json.WriteBoolean("strict", Is(schema, "strict"));
        json.WritePropertyName("schema");
        WritePart(json, schema);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static bool IsTyped(Struct part) =>
        Text(part, "type") is { } type
        && (type != "object" || Properties(part).All(property => property.Value.StructValue is { } inner && IsTyped(inner)))
        && (type != "array" || Items(part) is not { } items || IsTyped(items));

    private static void Check(Struct part)
    {
        var type = Text(part, "type")!;
        if (!Types.Contains(type))
        {
            throw Invalid($"unknown schema type: \"{type}\"");
        }

        if (type == "object" && Properties(part).Count == 0)
        {
            throw Invalid("object schema must have at least one property");
        }

        if (type == "array" && Items(part) is null)
        {
            throw Invalid("array schema must specify items");
        }

        foreach (var inner in Parts(part))
        {
            Check(inner);
        }
    }

    private static void WritePart(Utf8JsonWriter json, Struct part)
    {
        json.WriteStartObject();
        json.WriteString("type", Text(part, "type"));
        if (Text(part, "description") is { Length: > 0 } description)
        {
            json.WriteString("description", description);
        }

        WriteTexts(json, part, "enum");
        if (Text(part, "type") == "array")
        {
            json.WritePropertyName("items");
            WritePart(json, Items(part)!);
        }

        if (Text(part, "type") == "object")
        {
            json.WriteStartObject("properties");
            foreach (var (name, property) in Properties(part).OrderBy(property => property.Key, StringComparer.Ordinal))
            {
                json.WritePropertyName(name);
                WritePart(json, property.StructValue);
            }

            json.WriteEndObject();
        }

        json.WriteBoolean("additionalProperties", Is(part, "additionalProperties"));
        if (Text(part, "type") == "object")
        {
            WriteTexts(json, part, "required");
        }

        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, Struct part, string name)
    {
        if (!part.Fields.TryGetValue(name, out var value) || value.ListValue is not { Values.Count: > 0 } list)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var one in list.Values)
        {
            json.WriteStringValue(one.KindCase == Value.KindOneofCase.StringValue ? one.StringValue : one.ToString());
        }

        json.WriteEndArray();
    }

    private static IEnumerable<Struct> Parts(Struct part) => Text(part, "type") switch
    {
        "object" => Properties(part).Select(property => property.Value.StructValue),
        "array" => [Items(part)!],
        _ => [],
    };

    private static IReadOnlyCollection<KeyValuePair<string, Value>> Properties(Struct part) =>
        part.Fields.TryGetValue("properties", out var value) && value.StructValue is { } properties ? [.. properties.Fields] : [];

    private static Struct? Items(Struct part) => part.Fields.TryGetValue("items", out var value) ? value.StructValue : null;

    private static string? Text(Struct part, string name) =>
        part.Fields.TryGetValue(name, out var value) && value.KindCase == Value.KindOneofCase.StringValue ? value.StringValue : null;

    private static bool Is(Struct part, string name) => part.Fields.TryGetValue(name, out var value) && value.KindCase == Value.KindOneofCase.BoolValue && value.BoolValue;

    private static ConversationException Invalid(string why) => new($"failed to convert structured output: invalid schema: {why}");
}
