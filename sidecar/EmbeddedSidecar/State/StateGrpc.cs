using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Concurrency = Dapr.Client.Autogen.Grpc.v1.StateOptions.Types.StateConcurrency;
using Consistency = Dapr.Client.Autogen.Grpc.v1.StateOptions.Types.StateConsistency;

namespace EmbeddedSidecar.State;

/// <summary>State over gRPC.</summary>
internal static class StateGrpc
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";
    private static readonly Empty Done = new();

    public static void Map(GrpcRoutes routes)
    {
        routes.MapUnary(Service + "GetState", GetStateRequest.Parser, GetAsync);
        routes.MapUnary(Service + "GetBulkState", GetBulkStateRequest.Parser, BulkGetAsync);
        routes.MapUnary(Service + "SaveState", SaveStateRequest.Parser, SaveAsync);
        routes.MapUnary(Service + "DeleteState", DeleteStateRequest.Parser, DeleteAsync);
        routes.MapUnary(Service + "DeleteBulkState", DeleteBulkStateRequest.Parser, DeleteBulkAsync);
        routes.MapUnary(Service + "ExecuteStateTransaction", ExecuteStateTransactionRequest.Parser, TransactAsync);
        routes.MapUnary<QueryStateRequest, QueryStateResponse>(Service + "QueryStateAlpha1", QueryStateRequest.Parser, QueryAsync);
    }

    private static async Task<GetStateResponse> GetAsync(GrpcCall call, GetStateRequest request)
    {
        var store = StateApi.Find(call.App, request.StoreName);
        var response = new GetStateResponse();
        if (await StateApi.GetAsync(call.App, store, request.Key, call.Aborted) is { } value)
        {
            response.Data = UnsafeByteOperations.UnsafeWrap(value.Data);
            response.Etag = value.ETag;
            if (value.ExpiresAt is { } expires)
            {
                response.Metadata[StateApi.ExpiresName] = StateApi.Expires(expires);
            }
        }

        return response;
    }

    private static async Task<GetBulkStateResponse> BulkGetAsync(GrpcCall call, GetBulkStateRequest request)
    {
        var store = StateApi.Find(call.App, request.StoreName);
        var values = await StateApi.BulkGetAsync(call.App, store, request.Keys, call.Aborted);
        var response = new GetBulkStateResponse();
        for (var i = 0; i < values.Length; i++)
        {
            var item = new BulkStateItem { Key = request.Keys[i] };
            if (values[i] is { } value)
            {
                item.Data = UnsafeByteOperations.UnsafeWrap(value.Data);
                item.Etag = value.ETag;
                if (value.ExpiresAt is { } expires)
                {
                    item.Metadata[StateApi.ExpiresName] = StateApi.Expires(expires);
                }
            }

            response.Items.Add(item);
        }

        return response;
    }

    private static async Task<Empty> SaveAsync(GrpcCall call, SaveStateRequest request)
    {
        var store = StateApi.Find(call.App, request.StoreName);
        await StateApi.SaveAsync(call.App, store, [.. request.States.Select(item => Save(store, item))], "ERR_STATE_SAVE", call.Aborted);
        return Done;
    }

    private static async Task<Empty> DeleteAsync(GrpcCall call, DeleteStateRequest request)
    {
        var store = StateApi.Find(call.App, request.StoreName);
        var operation = StateOperation.Delete(Key(store, request.Key), request.Etag?.Value, Options(request.Options));
        await StateApi.SaveAsync(call.App, store, [operation], "ERR_STATE_DELETE", call.Aborted);
        return Done;
    }

    private static async Task<Empty> DeleteBulkAsync(GrpcCall call, DeleteBulkStateRequest request)
    {
        var store = StateApi.Find(call.App, request.StoreName);
        var operations = request.States.Select(item => StateOperation.Delete(Key(store, item.Key), item.Etag?.Value, Options(item.Options))).ToList();
        await StateApi.SaveAsync(call.App, store, operations, "ERR_STATE_BULK_DELETE", call.Aborted);
        return Done;
    }

    private static async Task<Empty> TransactAsync(GrpcCall call, ExecuteStateTransactionRequest request)
    {
        var store = StateApi.Find(call.App, request.StoreName);
        var operations = request.Operations.Select(operation => operation.OperationType switch
        {
            "upsert" => Upsert(store, operation.Request),
            "delete" => StateOperation.Delete(Key(store, operation.Request.Key), operation.Request.Etag?.Value, Options(operation.Request.Options)),
            var other => throw StateApi.UnknownOperation(other),
        }).ToList();
        await StateApi.TransactAsync(call.App, store, operations, call.Aborted);
        return Done;
    }

    private static Task<QueryStateResponse> QueryAsync(GrpcCall call, QueryStateRequest request)
    {
        var store = StateApi.Find(call.App, request.StoreName);
        throw StateApi.QueryUnsupported(store);
    }

    // What says that it is JSON is taken as JSON, in this call alone: a transaction keeps its bytes whatever they say.
    private static StateOperation Save(StateStore store, StateItem item)
    {
        var operation = Upsert(store, item);
        return item.Metadata.GetValueOrDefault("contentType") == "application/json" ? operation with { Value = Json(store, item.Value.Memory) } : operation;
    }

    private static byte[] Json(StateStore store, ReadOnlyMemory<byte> value)
    {
        try
        {
            using var json = GoJson.Parse(value);
            return store.Store.Encode(json.RootElement);
        }
        catch (Exception broken) when (broken is JsonException or DaprException)
        {
            throw new GrpcException(StatusCode.Unknown, broken.Message);
        }
    }

    private static StateOperation Upsert(StateStore store, StateItem item) =>
        new(
            Key(store, item.Key),
            item.Value.Memory,
            item.Etag?.Value,
            Options(item.Options),
            StateTtl.Of(item.Metadata));

    // A number without a name says nothing, as in Dapr.
    private static WriteOptions Options(StateOptions? options) => options is null ? default : new WriteOptions(
        options.Concurrency switch { Concurrency.ConcurrencyFirstWrite => "first-write", Concurrency.ConcurrencyLastWrite => "last-write", _ => null },
        options.Consistency switch { Consistency.ConsistencyEventual => "eventual", Consistency.ConsistencyStrong => "strong", _ => null });

    private static string Key(StateStore store, string key) =>
        key.Length > 0
            ? store.Key(key)
            : throw new DaprException("ERR_STATE_SAVE", 400, StatusCode.InvalidArgument, "state key cannot be empty") { IsRichOverGrpc = true };
}
