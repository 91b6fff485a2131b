using System.Reflection;
using Eco2.Edge.Policies;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Eco2.Services.Tests.OpenApi;

/// <summary>What holds for every operation and is said by no route: who may call it, how it says no.</summary>
internal static class ApiConventions
{
    private const string Problem = "Problem";

    /// <summary>Ways to say who one is; any one of them will do.</summary>
    private static readonly Dictionary<string, OpenApiSecurityScheme> Credentials = new()
    {
        ["cookie"] = new() { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Cookie, Name = "s_access", Description = "Set by signing in; unsafe calls need a header X-Requested-With too." },
        ["bearer"] = new() { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT", Description = "An access token (15 minutes) or an API key." },
        ["apiKey"] = new() { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = "X-API-Key", Description = "An API key, limited to its scopes." },
    };

    // Metadata on these routes would refuse a wrong type before the app can say why.
    private static readonly Dictionary<Type, OpenApiRequestBody> BodiesReadByHand = new()
    {
        [typeof(Eco2.Image.Uploads.PutPicture)] = Picture(),
        [typeof(Eco2.Image.Uploads.PutUpload)] = Picture(),
        [typeof(Eco2.Auth.Sessions.RefreshSession)] = RefreshToken("A browser sends its cookie and no body."),
        [typeof(Eco2.Auth.Sessions.SignOut)] = RefreshToken("A browser sends its cookie and no body."),
    };

    public static void Complete(OpenApiOperation operation, OpenApiOperationTransformerContext context, string app)
    {
        var route = context.Description.ActionDescriptor;
        var handler = route.EndpointMetadata.OfType<MethodInfo>().First();
        var useCase = handler.DeclaringType!;
        while (useCase.Name.StartsWith('<'))
        {
            useCase = useCase.DeclaringType!;
        }

        operation.Tags = new HashSet<OpenApiTagReference> { new(app, context.Document) };
        operation.OperationId ??= IdOf(useCase, handler, context.Description.HttpMethod!);
        operation.Description ??= XmlDocs.Of(useCase);
        operation.Summary ??= operation.Description?.Split(". ")[0].TrimEnd('.') + ".";
        if (operation.Description == operation.Summary)
        {
            operation.Description = null;
        }

        var policy = PolicyTable.Find(context.Description.HttpMethod!, $"/{context.Description.RelativePath}")
            ?? throw new InvalidOperationException($"The edge lets nobody to {context.Description.HttpMethod} /{context.Description.RelativePath}.");
        operation.Security = policy.Who == Who.Anyone ? [] : [.. Credentials.Keys.Where(name => name != "apiKey" || policy.Scope is not null)
            .Select(name => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(name, context.Document)] = name == "apiKey" ? [policy.Scope!] : [] })];
        if (BodiesReadByHand.TryGetValue(useCase, out var body))
        {
            operation.RequestBody = body;
        }

        if (route.EndpointMetadata.OfType<TakesIdempotencyKey>().FirstOrDefault() is { } key)
        {
            operation.Parameters = [.. operation.Parameters ?? [], IdempotencyKey(key.ShortestKey)];
        }

        if (route.EndpointMetadata.OfType<Eco2.My.DemandsIfMatch>().Any())
        {
            operation.Parameters = [.. operation.Parameters ?? [], IfMatch()];
        }

        operation.Responses ??= [];
        if (handler.ReturnType.ToString() is var answers && answers.Contains(nameof(RedirectHttpResult), StringComparison.Ordinal))
        {
            operation.Responses["302"] = new OpenApiResponse { Description = "It goes on at Location." };
            if (!answers.Contains("Ok`1", StringComparison.Ordinal))
            {
                operation.Responses.Remove("200");
            }
        }

        if (answers.Contains(nameof(FileContentHttpResult), StringComparison.Ordinal) && operation.Responses.GetValueOrDefault("200")?.Content is not { Count: > 0 })
        {
            operation.Responses["200"] = new OpenApiResponse
            {
                Description = "The picture.",
                Content = new Dictionary<string, OpenApiMediaType> { ["image/*"] = new() { Schema = new OpenApiSchema() } },
            };
        }

        operation.Responses["default"] = new OpenApiResponse
        {
            Description = "It says no, and why.",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(Problem, context.Document) },
            },
        };
    }

    public static void Complete(OpenApiDocument document, string app)
    {
        document.Info = new OpenApiInfo
        {
            Title = $"Eco² {app}",
            Version = "1",
            Description = "What people and programs can do. Everything else between the apps is not reachable from outside.",
        };
        document.Servers = [new OpenApiServer { Url = "/" }];
        document.Tags = new HashSet<OpenApiTag> { new() { Name = app } };
        foreach (var same in document.Paths.SelectMany(path => path.Value.Operations!.Values).GroupBy(operation => operation.OperationId, StringComparer.Ordinal))
        {
            // The same answer at a second address, for old clients.
            foreach (var alias in same.Skip(1))
            {
                alias.OperationId += "Alias";
            }
        }

        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = Credentials.ToDictionary(one => one.Key, IOpenApiSecurityScheme (one) => one.Value);
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        foreach (var schema in document.Components.Schemas.Values.OfType<OpenApiSchema>().Where(schema => schema.Required is not null))
        {
            // What is null is left out of answers, and may be left out of requests.
            schema.Required = schema.Required!.Where(name => !MayBeNull(schema.Properties![name])).ToHashSet();
        }

        document.Components.Schemas[Problem] = ProblemSchema();
    }

    // A use case with several ways in names them: SignOut and SignOutAll.
    private static string IdOf(Type useCase, MethodInfo handler, string method)
    {
        var way = handler.Name.StartsWith('<') || handler.Name is "Original" or "Post" ? "" : handler.Name.Replace("Handle", "", StringComparison.Ordinal);
        return useCase.Name + way + (method == "HEAD" ? "Head" : "");
    }

    private static bool MayBeNull(IOpenApiSchema schema) =>
        schema.Type?.HasFlag(JsonSchemaType.Null) == true || schema is OpenApiSchema { Type: null, OneOf: null, AnyOf: null, AllOf: null } || (schema.OneOf ?? schema.AnyOf)?.Any(MayBeNull) == true;

    private static OpenApiParameter IdempotencyKey(int shortest) => new()
    {
        Name = "Idempotency-Key",
        In = ParameterLocation.Header,
        Description = "The same key and body within 24 hours: the same answer, and nothing is done twice. Another body: 409.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = shortest, MaxLength = 128, Pattern = "^[!-~]+$" },
    };

    private static OpenApiParameter IfMatch() => new()
    {
        Name = "If-Match",
        In = ParameterLocation.Header,
        Required = true,
        Description = "The ETag of the GET, or * for whatever is there. None: 428. Another one: 412.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1 },
    };

    private static OpenApiRequestBody Picture() => new()
    {
        Required = true,
        Description = "At most 10 MB; what it is is decided by its content.",
        Content = new[] { "image/jpeg", "image/png", "image/webp", "image/gif" }.ToDictionary(
            type => type, _ => new OpenApiMediaType { Schema = new OpenApiSchema() }),
    };

    private static OpenApiRequestBody RefreshToken(string description) => new()
    {
        Description = description,
        Content = new Dictionary<string, OpenApiMediaType>
        {
            ["application/json"] = new OpenApiMediaType
            {
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Properties = new Dictionary<string, IOpenApiSchema> { ["refresh_token"] = new OpenApiSchema { Type = JsonSchemaType.String } },
                },
            },
        },
    };

    private static OpenApiSchema ProblemSchema() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "RFC 9457.",
        Required = new HashSet<string> { "type", "title", "status", "code" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^urn:eco2:[a-z0-9-]+:[a-z0-9-]+$", Description = "What went wrong, for programs; listed at /problems." },
            ["title"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "The same for people; fixed per type." },
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The HTTP status." },
            ["code"] = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^[A-Z0-9_]+$", Description = "The last part of the type in capitals." },
            ["detail"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "About this time." },
            ["traceId"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "For whoever asks for help." },
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "Per member of the request.",
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            },
        },
    };
}
