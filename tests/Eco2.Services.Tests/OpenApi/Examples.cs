using System.Text.Json.Nodes;

namespace Eco2.Services.Tests.OpenApi;

/// <summary>Puts contracts/examples.json into a document: requests and parameters written by hand, answers as <c>tests/api-js</c> got them.</summary>
internal static class Examples
{
    private const string Json = "application/json";

    public static async Task AddToAsync(JsonObject document)
    {
        var all = JsonNode.Parse(await File.ReadAllTextAsync(TestSidecar.Repository("contracts/examples.json")))!;
        foreach (var operation in document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()).Select(one => one.Value!.AsObject()))
        {
            if (all[(string)operation["operationId"]!] is { } example)
            {
                Add(operation, example);
            }
        }
    }

    private static void Add(JsonObject operation, JsonNode example)
    {
        foreach (var parameter in operation["parameters"]?.AsArray() ?? [])
        {
            Set(parameter, example["parameters"]?[(string)parameter!["name"]!]);
        }

        Set(operation["requestBody"]?["content"]?[Json], example["request"]);
        if (example["response"] is { } response)
        {
            Set(operation["responses"]![response["status"]!.ToString()]?["content"]?[Json], response["body"]);
        }
    }

    private static void Set(JsonNode? place, JsonNode? example)
    {
        if (place is not null && example is not null)
        {
            place["example"] = example.DeepClone();
        }
    }
}
