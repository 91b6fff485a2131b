using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Client;

/// <summary>State, one key at a time.</summary>
internal sealed partial class DaprClientGrpc
{
    public override async Task<TValue> GetStateAsync<TValue>(
        string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        var answer = await ReadAsync(storeName, key, consistencyMode, metadata, cancellationToken).ConfigureAwait(false);
        return DeserializeState<TValue>(answer.Data)!;
    }

    public override async Task<(TValue value, string etag)> GetStateAndETagAsync<TValue>(
        string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        var answer = await ReadAsync(storeName, key, consistencyMode, metadata, cancellationToken).ConfigureAwait(false);
        return (DeserializeState<TValue>(answer.Data)!, answer.Etag);
    }

    public override async Task<ReadOnlyMemory<byte>> GetByteStateAsync(
        string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        var answer = await ReadAsync(storeName, key, consistencyMode, metadata, cancellationToken).ConfigureAwait(false);
        return answer.Data.Memory;
    }

    public override async Task<(ReadOnlyMemory<byte>, string etag)> GetByteStateAndETagAsync(
        string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        var answer = await ReadAsync(storeName, key, consistencyMode, metadata, cancellationToken).ConfigureAwait(false);
        return (answer.Data.Memory, answer.Etag);
    }

    public override async Task SaveStateAsync<TValue>(
        string storeName, string key, TValue value, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        CheckKey(storeName, key);
        await SaveAsync(storeName, Item(key, SerializeState(value), etag: null, stateOptions, metadata), cancellationToken).ConfigureAwait(false);
    }

    public override async Task<bool> TrySaveStateAsync<TValue>(
        string storeName, string key, TValue value, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        CheckKey(storeName, key);
        ArgumentVerifier.ThrowIfNull(etag, nameof(etag));
        return await TryAsync(SaveAsync(storeName, Item(key, SerializeState(value), etag, stateOptions, metadata), cancellationToken)).ConfigureAwait(false);
    }

    public override async Task SaveByteStateAsync(
        string storeName, string key, ReadOnlyMemory<byte> binaryValue, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        CheckKey(storeName, key);
        await SaveAsync(storeName, Item(key, ByteString.CopyFrom(binaryValue.Span), etag: null, stateOptions, metadata), cancellationToken).ConfigureAwait(false);
    }

    public override async Task<bool> TrySaveByteStateAsync(
        string storeName, string key, ReadOnlyMemory<byte> binaryValue, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        CheckKey(storeName, key);
        ArgumentVerifier.ThrowIfNull(etag, nameof(etag));
        return await TryAsync(SaveAsync(storeName, Item(key, ByteString.CopyFrom(binaryValue.Span), etag, stateOptions, metadata), cancellationToken))
            .ConfigureAwait(false);
    }

    public override Task DeleteStateAsync(
        string storeName, string key, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        DeleteAsync(storeName, key, etag: null, stateOptions, metadata, cancellationToken);

    public override async Task<bool> TryDeleteStateAsync(
        string storeName, string key, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        CheckKey(storeName, key);
        ArgumentVerifier.ThrowIfNull(etag, nameof(etag));
        return await TryAsync(DeleteAsync(storeName, key, etag, stateOptions, metadata, cancellationToken)).ConfigureAwait(false);
    }

    private static void CheckKey(string storeName, string key)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        ArgumentVerifier.ThrowIfNullOrEmpty(key, nameof(key));
    }

    private static Wire.StateItem Item(
        string key, ByteString value, string? etag, StateOptions? options, IReadOnlyDictionary<string, string>? metadata)
    {
        var item = new Wire.StateItem { Key = key, Value = value, Options = ToWire(options) };
        if (etag is not null)
        {
            item.Etag = new Wire.Etag { Value = etag };
        }

        Copy(metadata, item.Metadata);
        return item;
    }

    private static Wire.StateOptions? ToWire(StateOptions? options) => options is null ? null : new Wire.StateOptions
    {
        Consistency = ToWire(options.Consistency),
        Concurrency = options.Concurrency switch
        {
            ConcurrencyMode.FirstWrite => Wire.StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite,
            ConcurrencyMode.LastWrite => Wire.StateOptions.Types.StateConcurrency.ConcurrencyLastWrite,
            null => Wire.StateOptions.Types.StateConcurrency.ConcurrencyUnspecified,
            _ => throw new ArgumentException($"{options.Concurrency} Concurrency Mode is not supported."),
        },
    };

    private static Wire.StateOptions.Types.StateConsistency ToWire(ConsistencyMode? mode) => mode switch
    {
        ConsistencyMode.Eventual => Wire.StateOptions.Types.StateConsistency.ConsistencyEventual,
        ConsistencyMode.Strong => Wire.StateOptions.Types.StateConsistency.ConsistencyStrong,
        null => Wire.StateOptions.Types.StateConsistency.ConsistencyUnspecified,
        _ => throw new ArgumentException($"{mode} Consistency Mode is not supported."),
    };

    // Aborted is the one status that says "another version"; everything else stays an exception.
    private static async Task<bool> TryAsync(Task change)
    {
        try
        {
            await change.ConfigureAwait(false);
            return true;
        }
        catch (DaprException failure) when (failure.InnerException is RpcException { StatusCode: StatusCode.Aborted })
        {
            return false;
        }
    }

    private ByteString SerializeState<TValue>(TValue value) => value is null ? ByteString.Empty : Serialize(value);

    private async Task<Wire.GetStateResponse> ReadAsync(
        string storeName, string key, ConsistencyMode? consistency, IReadOnlyDictionary<string, string>? metadata, CancellationToken ct)
    {
        CheckKey(storeName, key);
        var request = new Wire.GetStateRequest { StoreName = storeName, Key = key, Consistency = ToWire(consistency) };
        Copy(metadata, request.Metadata);
        return await CallAsync("State", "GetState", request, Wire.GetStateResponse.Parser, ct).ConfigureAwait(false);
    }

    private Task<Empty> SaveAsync(string storeName, Wire.StateItem item, CancellationToken ct) =>
        CallAsync("State", "SaveState", new Wire.SaveStateRequest { StoreName = storeName, States = { item } }, Empty.Parser, ct);

    private async Task DeleteAsync(
        string storeName, string key, string? etag, StateOptions? options, IReadOnlyDictionary<string, string>? metadata, CancellationToken ct)
    {
        CheckKey(storeName, key);
        var request = new Wire.DeleteStateRequest { StoreName = storeName, Key = key, Options = ToWire(options) };
        if (etag is not null)
        {
            request.Etag = new Wire.Etag { Value = etag };
        }

        Copy(metadata, request.Metadata);
        await CallAsync("State", "DeleteState", request, Empty.Parser, ct).ConfigureAwait(false);
    }
}
