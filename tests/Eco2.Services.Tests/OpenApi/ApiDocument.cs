using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Eco2.Services.Tests.OpenApi;

/// <summary>Describes one app from its own routes: what people can reach, nothing internal. The apps themselves carry none of this.</summary>
internal static class ApiDocument
{
    public static async Task<OpenApiDocument> OfAsync(string app, Func<string[], Action<WebApplicationBuilder>?, WebApplication> build, string postgres)
    {
        await using var host = await ServiceHost.StartAsync(
            (args, adjust) => build(args, builder =>
            {
                adjust?.Invoke(builder);
                builder.Services.AddOpenApi("v1", options => Shape(options, app));
            }),
            postgres,
            null,
            "Auth:PasswordIterations=1000");
        host.ExpectErrors();
        return await host.Services.GetRequiredKeyedService<IOpenApiDocumentProvider>("v1").GetOpenApiDocumentAsync();
    }

    private static void Shape(OpenApiOptions options, string app)
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.ShouldInclude = route => $"/{route.RelativePath}" is var path
            && (path.StartsWith("/api/v1/", StringComparison.Ordinal) || path.StartsWith("/assets/", StringComparison.Ordinal) || path.StartsWith("/.well-known/", StringComparison.Ordinal));
        options.CreateSchemaReferenceId = SchemaIdOf;
        options.AddOperationTransformer((operation, context, _) =>
        {
            ApiConventions.Complete(operation, context, app);
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            // What is described once for all who refer to it must not be described as a member of one of them.
            schema.Description ??= SchemaIdOf(context.JsonTypeInfo) is null && context.JsonPropertyInfo is { } property
                ? XmlDocs.Of(property) : XmlDocs.Of(context.JsonTypeInfo.Type);
            if (context.JsonTypeInfo.Type == typeof(DateTimeOffset) || context.JsonTypeInfo.Type == typeof(DateTimeOffset?))
            {
                // Times are written by a converter of ours, which the generator does not see through.
                schema.Type = context.JsonTypeInfo.Type == typeof(DateTimeOffset) ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
            }

            return Task.CompletedTask;
        });
        options.AddDocumentTransformer((document, _, _) =>
        {
            ApiConventions.Complete(document, app);
            return Task.CompletedTask;
        });
    }

    // Requests and answers are nested in their use case and named after nothing else.
    private static string? SchemaIdOf(JsonTypeInfo json) => json.Type switch
    {
        { } any when any == typeof(JsonElement) || any == typeof(JsonElement?) => null,
        { IsNested: true, IsGenericType: false, IsEnum: false, DeclaringType: { } useCase } nested => useCase.Name + nested.Name,
        _ => OpenApiOptions.CreateDefaultSchemaReferenceId(json),
    };
}
