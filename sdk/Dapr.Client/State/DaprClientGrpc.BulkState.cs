using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Client;

/// <summary>State, many keys at a time.</summary>
internal sealed partial class DaprClientGrpc
{
    public override async Task<IReadOnlyList<BulkStateItem>> GetBulkStateAsync(
        string storeName, IReadOnlyList<string> keys, int? parallelism, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        var items = await ReadManyAsync(storeName, keys, parallelism, metadata, cancellationToken).ConfigureAwait(false);
        return [.. items.Select(item => new BulkStateItem(item.Key, item.Data.ToStringUtf8(), item.Etag))];
    }

    public override async Task<IReadOnlyList<BulkStateItem<TValue>>> GetBulkStateAsync<TValue>(
        string storeName, IReadOnlyList<string> keys, int? parallelism, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        var items = await ReadManyAsync(storeName, keys, parallelism, metadata, cancellationToken).ConfigureAwait(false);
        return
        [
            .. items.Select(item => new BulkStateItem<TValue>(
                item.Key, item.Data.IsEmpty ? default! : JsonSerializer.Deserialize<TValue>(item.Data.Span, _json)!, item.Etag)),
        ];
    }

    public override async Task SaveBulkStateAsync<TValue>(
        string storeName, IReadOnlyList<SaveStateItem<TValue>> items, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        ArgumentVerifier.ThrowIfNull(items, nameof(items));
        CheckNotEmpty(items, "items do");
        var request = new Wire.SaveStateRequest { StoreName = storeName };
        request.States.AddRange(items.Select(item =>
            Item(item.Key, SerializeState(item.Value), item.ETag, item.StateOptions, item.Metadata)));

        // The official client sends this one call without token, agent and trace; services must not learn to rely on more.
        await CallAsync("State", "SaveState", request, Empty.Parser, cancellationToken, plain: true).ConfigureAwait(false);
    }

    public override async Task DeleteBulkStateAsync(
        string storeName, IReadOnlyList<BulkDeleteStateItem> items, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        ArgumentVerifier.ThrowIfNull(items, nameof(items));
        var request = new Wire.DeleteBulkStateRequest { StoreName = storeName };
        request.States.AddRange(items.Select(item =>
            Item(item.Key, ByteString.Empty, item.ETag, item.StateOptions, item.Metadata)));
        await CallAsync("State", "DeleteBulkState", request, Empty.Parser, cancellationToken).ConfigureAwait(false);
    }

    public override async Task ExecuteStateTransactionAsync(
        string storeName, IReadOnlyList<StateTransactionRequest> operations, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        ArgumentVerifier.ThrowIfNull(operations, nameof(operations));
        CheckNotEmpty(operations, "operations does");
        var request = new Wire.ExecuteStateTransactionRequest { StoreName = storeName };
        Copy(metadata, request.Metadata);
        foreach (var operation in operations)
        {
            var value = operation.Value is null ? ByteString.Empty : ByteString.CopyFrom(operation.Value);
            request.Operations.Add(new Wire.TransactionalStateOperation
            {
                OperationType = operation.OperationType switch
                {
                    StateOperationType.Upsert => "upsert",
                    StateOperationType.Delete => "delete",
                    _ => "",
                },
                Request = Item(operation.Key, value, operation.ETag, operation.Options, operation.Metadata),
            });
        }

        await CallAsync("State", "ExecuteStateTransaction", request, Empty.Parser, cancellationToken).ConfigureAwait(false);
    }

    public override async Task<StateQueryResponse<TValue>> QueryStateAsync<TValue>(
        string storeName, string jsonQuery, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNull(storeName, nameof(storeName));
        ArgumentVerifier.ThrowIfNull(jsonQuery, nameof(jsonQuery));
        var request = new Wire.QueryStateRequest { StoreName = storeName, Query = jsonQuery };
        Copy(metadata, request.Metadata);
        var answer = await QueryAsync(request, cancellationToken).ConfigureAwait(false);
        var response = new StateQueryResponse<TValue>(
            [
                .. answer.Results.Where(item => item.Error.Length == 0)
                    .Select(item => new StateQueryItem<TValue>(item.Key, DeserializeState<TValue>(item.Data)!, item.Etag, item.Error)),
            ],
            answer.Token,
            answer.Metadata.ToDictionary());
        var failed = answer.Results.Where(item => item.Error.Length > 0).Select(item => item.Key).ToArray();
        return failed.Length == 0
            ? response
            : throw new StateQueryException<TValue>("Encountered an error while processing state query results.", response, failed);
    }

    private static void CheckNotEmpty<T>(IReadOnlyList<T> list, string what)
    {
        if (list.Count == 0)
        {
            throw new ArgumentException($"{what} not contain any elements");
        }
    }

    private async Task<Wire.QueryStateResponse> QueryAsync(Wire.QueryStateRequest request, CancellationToken ct)
    {
        try
        {
            return await _grpc.UnaryAsync("QueryStateAlpha1", request, Wire.QueryStateResponse.Parser, ct).ConfigureAwait(false);
        }
        catch (RpcException failure)
        {
            // Spelt as the official client spells it, for whoever looks at messages.
            throw new DaprException("Query state operation failed: the Dapr endpointed indicated a failure. See InnerException for details.", failure);
        }
    }

    private async Task<IEnumerable<Wire.BulkStateItem>> ReadManyAsync(
        string storeName, IReadOnlyList<string> keys, int? parallelism, IReadOnlyDictionary<string, string>? metadata, CancellationToken ct)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        ArgumentVerifier.ThrowIfNull(keys, nameof(keys));
        CheckNotEmpty(keys, "keys do");
        var request = new Wire.GetBulkStateRequest { StoreName = storeName, Parallelism = parallelism ?? 0 };
        Copy(metadata, request.Metadata);
        request.Keys.AddRange(keys);
        var answer = await CallAsync("State", "GetBulkState", request, Wire.GetBulkStateResponse.Parser, ct).ConfigureAwait(false);
        return answer.Items;
    }
}
