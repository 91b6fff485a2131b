using System.Runtime.InteropServices;
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
            var directions = (context.Metadata.Optional("direction") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
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
        if (body.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw DaprException.Malformed("failed deserializing HTTP body: an object with operation is expected");
        }

        var operation = body.RootElement.TryGetMember("operation", out var named) && named.ValueKind == JsonValueKind.String ? named.GetString()! : "";
        // The JSON text of the data is what the component gets; a string keeps its quotes.
        var data = body.RootElement.TryGetMember("data", out var given) && given.ValueKind != JsonValueKind.Null
            ? JsonMarshal.GetRawUtf8Value(given).ToArray()
            : [];
        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (body.RootElement.TryGetMember("metadata", out var pairs) && pairs.ValueKind == JsonValueKind.Object)
        {
            foreach (var pair in pairs.EnumerateObject())
            {
                metadata[pair.Name] = pair.Value.ValueKind == JsonValueKind.String
                    ? pair.Value.GetString()!
                    : throw DaprException.Malformed($"metadata {pair.Name} is not a string");
            }
        }

        metadata.TryAdd(TraceParent.Header, TraceParent.Next(call.Http.Request.Headers.TraceParent));
        try
        {
            var answer = await OutputBindings.InvokeAsync(call.App, call.Args[0], new BindingRequest(operation, data, metadata), call.Aborted);
            Headers(call, answer?.Metadata);
            if (answer is null || (answer.Data.IsEmpty && answer.Metadata is null))
            {
                call.NoContent();
                return;
            }

            await call.BytesAsync(answer.Data, "application/json");
        }
        catch (DaprException refused) when (refused.InnerException is BindingException binding)
        {
            Headers(call, binding.Metadata);
            throw;
        }
    }

    private static async Task<InvokeBindingResponse> InvokeGrpcAsync(GrpcCall call, InvokeBindingRequest request)
    {
        var metadata = new Dictionary<string, string>(request.Metadata, StringComparer.OrdinalIgnoreCase);
        foreach (var (header, values) in call.Metadata)
        {
            // Lower case as on the wire: to bindings.http a capital letter means a header of the request it sends.
            var name = header.ToLowerInvariant();
            metadata.TryAdd(name.StartsWith(':') || name.StartsWith("grpc-", StringComparison.Ordinal) ? "dapr-" + name.TrimStart(':') : name, values.ToString());
        }

        var answer = await OutputBindings.InvokeAsync(call.App, request.Name, new BindingRequest(request.Operation, request.Data.Memory, metadata), call.Aborted);
        var response = new InvokeBindingResponse();
        if (answer is not null)
        {
            response.Data = UnsafeByteOperations.UnsafeWrap(answer.Data);
            if (answer.Metadata is { } told)
            {
                response.Metadata.Add(new Dictionary<string, string>(told));
            }
        }

        return response;
    }

    private static void Headers(ApiCall call, IReadOnlyDictionary<string, string>? metadata)
    {
        foreach (var (name, value) in metadata ?? new Dictionary<string, string>())
        {
            call.Http.Response.Headers["metadata." + name] = value.ReplaceLineEndings(" ");
        }
    }
}
