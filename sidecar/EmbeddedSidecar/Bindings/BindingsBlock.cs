using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using Google.Protobuf;

namespace EmbeddedSidecar.Bindings;

/// <summary>Bindings: calling out over HTTP and gRPC, and being called by the app's input bindings.</summary>
internal sealed class BindingsBlock(ILoggerFactory logs) : IBuildingBlock
{
    public void AddComponents(ComponentRegistry types)
    {
        Add(types, "bindings.localstorage", context => new LocalStorageBinding(context), canInput: false);
        Add(types, "bindings.smtp", context => new SmtpBinding(context), canInput: false);
        Add(types, "bindings.http", context => new HttpBinding(context), canInput: false);
        Add(types, "bindings.cron", context => new CronBinding(context), canInput: true);
    }

    public void MapHttp(HttpRoutes routes) => routes.Map("POST PUT", "/v1.0/bindings/{name}", InvokeHttpAsync);

    public void MapGrpc(GrpcRoutes routes) =>
        routes.MapUnary("/dapr.proto.runtime.v1.Dapr/InvokeBinding", InvokeBindingRequest.Parser, InvokeGrpcAsync);

    public Task AppLoadedAsync(AppInstance app, CancellationToken ct)
    {
        app.AddPart(new InputBindings(app, logs.CreateLogger<InputBindings>()));
        return Task.CompletedTask;
    }

    public Task AppReadyAsync(AppInstance app, CancellationToken ct) => app.Part<InputBindings>().StartAsync(ct);

    public Task AppGoneAsync(AppInstance app) => app.Part<InputBindings>().StopAsync();

    private static void Add(ComponentRegistry types, string type, Func<ComponentContext, IComponent> create, bool canInput) =>
        types.Add(type, context =>
        {
            var directions = (context.Metadata.Optional("direction") ?? "").ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (directions.Contains("input") && !canInput)
            {
                throw context.Metadata.Refuse("direction", "names input, which this binding cannot do");
            }

            context.Metadata.Ignore("route");
            return create(context);
        });

    private static async Task InvokeHttpAsync(ApiCall call)
    {
        using var body = await call.JsonBodyAsync();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var request = Read(body.RootElement, metadata);
        Trace(metadata, call.Http.Request.Headers);
        try
        {
            var answer = await OutputBindings.InvokeAsync(call.App, call.Args[0], request, call.Aborted);
            if (answer is null)
            {
                call.NoContent();
                return;
            }

            Tell(answer.Metadata, call.Http.Response.Headers);
            await call.BytesAsync(answer.Data, "application/json");
        }
        catch (DaprException refused) when (refused.InnerException is BindingException binding)
        {
            Tell(binding.Metadata, call.Http.Response.Headers);
            throw;
        }
    }

    private static BindingRequest Read(JsonElement body, Dictionary<string, string> metadata)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw DaprException.Malformed("failed deserializing HTTP body: an object with operation is expected");
        }

        if (Member("metadata", JsonValueKind.Object) is { } pairs)
        {
            foreach (var pair in pairs.EnumerateObject())
            {
                metadata[pair.Name] = pair.Value.ValueKind switch
                {
                    JsonValueKind.String => pair.Value.GetString()!,
                    JsonValueKind.Null => "",
                    _ => throw DaprException.Malformed($"failed deserializing HTTP body: metadata {pair.Name} is not a string"),
                };
            }
        }

        // The data goes on as JSON: a string keeps its quotes, and what is not there is null.
        var data = body.TryGetMember("data", out var given) ? given.Rewritten() : "null"u8.ToArray();
        return new BindingRequest(Member("operation", JsonValueKind.String)?.GetString() ?? "", data, metadata);

        JsonElement? Member(string name, JsonValueKind kind) =>
            !body.TryGetMember(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
            : value.ValueKind == kind ? value
            : throw DaprException.Malformed($"failed deserializing HTTP body: {name} is not what is expected");
    }

    // Over HTTP the caller's headers, or our span, are the trace, whatever the metadata says.
    private static void Trace(Dictionary<string, string> metadata, IHeaderDictionary headers)
    {
        metadata[TraceParent.Header] = TraceParent.Next(headers.TraceParent);
        foreach (var name in (string[])["tracestate", "baggage"])
        {
            if (headers.TryGetValue(name, out var given))
            {
                metadata[name] = given.ToString();
            }
        }
    }

    private static async Task<InvokeBindingResponse> InvokeGrpcAsync(GrpcCall call, InvokeBindingRequest request)
    {
        var metadata = new Dictionary<string, string>(request.Metadata, StringComparer.Ordinal);
        foreach (var (header, values) in call.Metadata)
        {
            // Lower case as on the wire: to bindings.http a capital letter means a header of the request it sends.
            var name = header.ToLowerInvariant();
            if (name is TraceParent.Header or "tracestate" or "baggage")
            {
                metadata[name] = name == "baggage" ? values.ToString() : values[0] ?? "";
                continue;
            }

            metadata.TryAdd(name.StartsWith(':') || name.StartsWith("grpc-", StringComparison.Ordinal) ? "dapr-" + name.TrimStart(':') : name, values[0] ?? "");
        }

        if (!metadata.ContainsKey(TraceParent.Header))
        {
            metadata[TraceParent.Header] = TraceParent.Next(default);
        }

        try
        {
            var answer = await OutputBindings.InvokeAsync(call.App, request.Name, new BindingRequest(request.Operation, request.Data.Memory, metadata), call.Aborted);
            var response = new InvokeBindingResponse();
            if (answer is not null)
            {
                Tell(answer.Metadata, call.ResponseMetadata);
                response.Data = UnsafeByteOperations.UnsafeWrap(answer.Data);
                response.Metadata.Add(new Dictionary<string, string>(answer.Metadata ?? new Dictionary<string, string>()));
            }

            return response;
        }
        catch (DaprException refused) when (refused.InnerException is BindingException binding)
        {
            Tell(binding.Metadata, call.ResponseMetadata);
            throw;
        }
    }

    private static void Tell(IReadOnlyDictionary<string, string>? metadata, IHeaderDictionary headers)
    {
        foreach (var (name, value) in metadata ?? new Dictionary<string, string>())
        {
            headers["metadata." + name.ToLowerInvariant()] = string.Concat(value.Select(one => char.IsControl(one) ? ' ' : one));
        }
    }
}
