using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
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

    public override Task SaveBulkStateAsync<TValue>(
        string storeName, IReadOnlyList<SaveStateItem<TValue>> items, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        CheckNotEmpty(items, nameof(items));
        var request = new Wire.SaveStateRequest { StoreName = storeName };
        request.States.AddRange(items.Select(item =>
            Item(item.Key, SerializeState(item.Value), NullWhenEmpty(item.ETag), item.StateOptions, item.Metadata)));

        // The official client sends this one call without token, agent and trace; services must not learn to rely on more.
        return CallAsync("State", "SaveState", request, Empty.Parser, cancellationToken, plain: true);
    }

    public override Task DeleteBulkStateAsync(
        string storeName, IReadOnlyList<BulkDeleteStateItem> items, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        CheckNotEmpty(items, nameof(items));
        var request = new Wire.DeleteBulkStateRequest { StoreName = storeName };
        request.States.AddRange(items.Select(item =>
            Item(item.Key, ByteString.Empty, NullWhenEmpty(item.ETag), item.StateOptions, item.Metadata)));
        return CallAsync("State", "DeleteBulkState", request, Empty.Parser, cancellationToken);
    }

    public override Task ExecuteStateTransactionAsync(
        string storeName, IReadOnlyList<StateTransactionRequest> operations, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        CheckNotEmpty(operations, nameof(operations));
        var request = new Wire.ExecuteStateTransactionRequest { StoreName = storeName };
        Copy(metadata, request.Metadata);
        foreach (var operation in operations)
        {
            var value = operation.Value is null ? ByteString.Empty : ByteString.CopyFrom(operation.Value);
            request.Operations.Add(new Wire.TransactionalStateOperation
            {
                OperationType = operation.OperationType == StateOperationType.Delete ? "delete" : "upsert",
                Request = Item(operation.Key, value, operation.ETag, operation.Options, operation.Metadata),
            });
        }

        return CallAsync("State", "ExecuteStateTransaction", request, Empty.Parser, cancellationToken);
    }

    public override async Task<StateQueryResponse<TValue>> QueryStateAsync<TValue>(
        string storeName, string jsonQuery, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        ArgumentVerifier.ThrowIfNullOrEmpty(jsonQuery, nameof(jsonQuery));
        var request = new Wire.QueryStateRequest { StoreName = storeName, Query = jsonQuery };
        Copy(metadata, request.Metadata);
        var answer = await CallAsync("Query state", "QueryStateAlpha1", request, Wire.QueryStateResponse.Parser, cancellationToken).ConfigureAwait(false);
        var response = new StateQueryResponse<TValue>(
            [
                .. answer.Results.Where(item => item.Error.Length == 0)
                    .Select(item => new StateQueryItem<TValue>(item.Key, Deserialize<TValue>(item.Data, "Query state")!, item.Etag, item.Error)),
            ],
            answer.Token,
            answer.Metadata.ToDictionary());
        var failed = answer.Results.Where(item => item.Error.Length > 0).Select(item => item.Key).ToArray();
        return failed.Length == 0
            ? response
            : throw new StateQueryException<TValue>("Encountered an error while processing state query results.", response, failed);
    }

    private static string? NullWhenEmpty(string? etag) => string.IsNullOrEmpty(etag) ? null : etag;

    private static void CheckNotEmpty<T>(IReadOnlyList<T> list, string name)
    {
        ArgumentVerifier.ThrowIfNull(list, name);
        if (list.Count == 0)
        {
            throw new ArgumentException($"{name} do not contain any elements");
        }
    }

    private async Task<IEnumerable<Wire.BulkStateItem>> ReadManyAsync(
        string storeName, IReadOnlyList<string> keys, int? parallelism, IReadOnlyDictionary<string, string>? metadata, CancellationToken ct)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        CheckNotEmpty(keys, nameof(keys));
        var request = new Wire.GetBulkStateRequest { StoreName = storeName, Parallelism = parallelism ?? 0 };
        Copy(metadata, request.Metadata);
        request.Keys.AddRange(keys);
        var answer = await CallAsync("State", "GetBulkState", request, Wire.GetBulkStateResponse.Parser, ct).ConfigureAwait(false);
        return answer.Items;
    }
}
