using System.Text.Json.Nodes;
using Eco2.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.OpenApi;
using Xunit;

namespace Eco2.Services.Tests.OpenApi;

/// <summary>The API documents in contracts/openapi are those of the code. <c>ECO2_RECORD=1 ./eco2 test Services</c> writes them anew.</summary>
public sealed class ApiDocumentTests
{
    private static readonly (string App, Func<string[], Action<WebApplicationBuilder>?, WebApplication> Build)[] Apps =
    [
        ("auth", Eco2.Auth.Program.Build),
        ("character", Eco2.Character.Program.Build),
        ("image", Eco2.Image.Program.Build),
        ("my", Eco2.My.Program.Build),
        ("scan", global::Eco2.Scan.Program.Build),
        ("sse-gateway", Eco2.SseGateway.Program.Build),
    ];

    [Fact]
    public async Task The_documents_are_those_of_the_code()
    {
        var postgres = await PostgresCluster.CreateDatabaseAsync();
        var all = new List<JsonObject>();
        foreach (var (app, build) in Apps)
        {
            var document = await ApiDocument.OfAsync(app, build, postgres);
            var json = JsonNode.Parse(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1))!.AsObject();
            await Examples.AddToAsync(json);
            all.Add(json);
            await RecordedFile.SameAsync($"contracts/openapi/{app}.json", json.ToJsonString(MergedDocument.Indented));
        }

        await RecordedFile.SameAsync("contracts/openapi/eco2.json", MergedDocument.Of(all).ToJsonString(MergedDocument.Indented));
    }
}
