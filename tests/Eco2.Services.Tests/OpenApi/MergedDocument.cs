using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Eco2.Services.Tests.OpenApi;

/// <summary>One document of all apps, as people reach them through the gateway.</summary>
internal static class MergedDocument
{
    public static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonObject Of(IEnumerable<JsonObject> documents)
    {
        JsonObject? merged = null;
        foreach (var document in documents.Select(d => d.DeepClone().AsObject()))
        {
            if (merged is null)
            {
                merged = document;
                merged["info"]!["title"] = "Eco²";
                continue;
            }

            Add(merged["paths"]!.AsObject(), document["paths"]!.AsObject(), "path");
            Add(merged["components"]!["schemas"]!.AsObject(), document["components"]!["schemas"]!.AsObject(), "schema");
            foreach (var tag in document["tags"]!.AsArray().ToList())
            {
                document["tags"]!.AsArray().Remove(tag);
                merged["tags"]!.AsArray().Add(tag);
            }
        }

        return merged!;
    }

    private static void Add(JsonObject to, JsonObject from, string what)
    {
        foreach (var (name, value) in from.ToList())
        {
            from.Remove(name);
            if (to[name] is { } known)
            {
                if (!JsonNode.DeepEquals(known, value))
                {
                    throw new InvalidOperationException($"Two apps have a {what} {name}, and they differ.");
                }
            }
            else
            {
                to[name] = value;
            }
        }
    }
}
