using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Redis;

namespace EmbeddedSidecar.State;

/// <summary>state.redis: the same keys and hashes as Dapr's, over one pipelined connection.</summary>
internal sealed class RedisStateStore : IStateStore
{
    private readonly RedisOptions _options;
    private readonly RedisConnections _connections;
    private readonly int? _defaultTtl;
    private readonly TimeSpan _limit;
    private RespConnection _redis = null!;
    private int _replicas;

    public RedisStateStore(ComponentContext context)
    {
        _options = RedisOptions.From(context.Metadata);
        _connections = context.Services.Redis;
        _limit = RedisOptions.Patience(context.Metadata);
        _defaultTtl = context.Metadata.Optional("ttlInSeconds") is null ? null : context.Metadata.Integer("ttlInSeconds", 0);
    }

    public IReadOnlyList<string> Capabilities { get; } = ["ETAG", "TRANSACTIONAL", "TTL", "ACTOR", "KEYS_LIKE"];

    public async Task OpenAsync(CancellationToken ct)
    {
        _redis = await _connections.SharedAsync(_options, "state", ct);
        foreach (var script in RedisStateScripts.All)
        {
            await _redis.LoadScriptAsync(script.Text, ct);
        }

        _replicas = await _redis.ReplicasAsync(ct).WaitAsync(_limit, ct);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public async ValueTask<StateValue?> GetAsync(string key, CancellationToken ct) =>
        await ValueAsync(key, await _redis.SendAsync("HMGET", key, "data", "version").WaitAsync(_limit, ct), ct);

    private async ValueTask<StateValue?> ValueAsync(string key, RespValue reply, CancellationToken ct)
    {
        if (reply.Error?.StartsWith("WRONGTYPE", StringComparison.Ordinal) == true)
        {
            // Somebody else's plain string under a key we can name: Dapr reads it too.
            var plain = (await _redis.SendAsync("GET", key).WaitAsync(_limit, ct)).OrThrow();
            return plain.Bytes is { } text ? new StateValue(text, "0") : null;
        }

        return reply.OrThrow().Items is [{ Bytes: { } data }, var version] ? new StateValue(data, version.Text ?? "0") : null;
    }

    public async ValueTask<StateValue?[]> BulkGetAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        var replies = new Task<RespValue>[keys.Count];
        for (var i = 0; i < replies.Length; i++)
        {
            replies[i] = _redis.SendAsync("HMGET", keys[i], "data", "version");
        }

        var values = new StateValue?[keys.Count];
        var all = await Task.WhenAll(replies).WaitAsync(_limit, ct);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = await ValueAsync(keys[i], all[i], ct);
        }

        return values;
    }

    public async ValueTask ApplyAsync(StateOperation operation, CancellationToken ct)
    {
        operation.Options.Check();
        if (_replicas == 0 || !operation.Options.IsStrong || operation.IsDelete)
        {
            await ApplyAsync(_redis, operation, ct);
            return;
        }

        // WAIT is about the writes of its own connection, and holds up whatever comes behind it there.
        await using var own = await _connections.DedicatedAsync(_options, ct);
        await ApplyAsync(own, operation, ct);
        (await own.SendAsync("WAIT", _replicas, 1000).WaitAsync(_limit, ct)).OrThrow();
    }

    private async ValueTask ApplyAsync(RespConnection redis, StateOperation operation, CancellationToken ct)
    {
        var command = Command(operation, operation.Options.IsFirstWrite);
        var reply = await redis.SendAsync(command).WaitAsync(_limit, ct);
        if (reply.Error?.StartsWith("NOSCRIPT", StringComparison.Ordinal) == true)
        {
            await ReloadAsync(ct);
            reply = await redis.SendAsync(command).WaitAsync(_limit, ct);
        }

        Check(reply, operation);
    }

    public async ValueTask<string?> TransactAsync(IReadOnlyList<StateOperation> operations, bool allOrNothing, CancellationToken ct)
    {
        var reply = await SendAsync().WaitAsync(_limit, ct);

        // The server lost its scripts (FLUSH): then none of the operations ran, and all can be sent again.
        if ((reply.Items is { Length: > 0 } items ? items[0] : reply).Error?.StartsWith("NOSCRIPT", StringComparison.Ordinal) == true)
        {
            await ReloadAsync(ct);
            reply = await SendAsync().WaitAsync(_limit, ct);
        }

        if (allOrNothing)
        {
            Check(reply, operations[0]);
            return operations[0].IsDelete ? null : reply.Text;
        }

        var each = reply.OrThrow().Items ?? [];
        for (var i = 0; i < each.Length; i++)
        {
            Check(each[i], operations[i]);
        }

        return null;

        Task<RespValue> SendAsync() =>
            allOrNothing
                ? _redis.SendAsync(Atomic(operations))
                : _redis.SendTransactionAsync([.. operations.Select(operation => Command(operation, firstWrite: false))]);
    }

    public async IAsyncEnumerable<string> KeysAsync(string prefix, string suffix, [EnumeratorCancellation] CancellationToken ct)
    {
        var pattern = Escape(prefix) + "*" + Escape(suffix);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var cursor = "0";
        do
        {
            var page = (await _redis.SendAsync("SCAN", cursor, "MATCH", pattern, "COUNT", 1000).WaitAsync(_limit, ct)).OrThrow().Items!;
            cursor = page[0].Text!;
            foreach (var key in page[1].Items!)
            {
                // SCAN may name a key twice.
                if (seen.Add(key.Text!))
                {
                    yield return key.Text!;
                }
            }
        }
        while (cursor != "0");
    }

    public byte[] Encode(JsonElement value) => GoJsonEncoder.Encode(value, fastest: true);

    private RespArg[] Command(StateOperation operation, bool firstWrite)
    {
        var expected = Expected(operation);
        return operation.Value is { } value
            ? ["EVALSHA", RedisStateScripts.Set.Hash, 1, operation.Key, expected, value, firstWrite ? "1" : "0", Ttl(operation)]
            : ["EVALSHA", RedisStateScripts.Delete.Hash, 1, operation.Key, expected];
    }

    private RespArg[] Atomic(IReadOnlyList<StateOperation> operations)
    {
        var words = new RespArg[3 + (operations.Count * 5)];
        words[0] = "EVALSHA";
        words[1] = RedisStateScripts.Atomic.Hash;
        words[2] = operations.Count;
        var at = 3;
        foreach (var operation in operations)
        {
            words[at++] = operation.Key;
        }

        foreach (var operation in operations)
        {
            var expected = Expected(operation);
            words[at++] = operation.IsDelete ? "d" : "s";
            words[at++] = expected == "0" ? "" : expected;
            words[at++] = operation.Value ?? default;
            words[at++] = operation.IsDelete ? "" : Ttl(operation);
        }

        return words;
    }

    private string Ttl(StateOperation operation) =>
        (operation.Seconds("ParseInt", "failed to parse ttl from metadata: ") ?? _defaultTtl)?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Expected(StateOperation operation)
    {
        if (string.IsNullOrEmpty(operation.ETag) || (operation.Options.IsLastWrite && !operation.IsDelete))
        {
            return "0";
        }

        // A delete compares what it was given, whatever that is.
        return operation.IsDelete || long.TryParse(operation.ETag, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            ? operation.ETag
            : throw new StateConflictException(ConflictKind.ETagInvalid, $"invalid etag value: {operation.ETag}");
    }

    private static void Check(RespValue reply, StateOperation operation)
    {
        if (reply.Error is not { } error)
        {
            return;
        }

        if (!error.StartsWith("ETAG", StringComparison.Ordinal))
        {
            throw new RedisReplyException(error);
        }

        throw string.IsNullOrEmpty(operation.ETag)
            ? new StateConflictException(ConflictKind.Guarded, $"failed to set key {operation.Key}")
            : new StateConflictException(ConflictKind.ETagMismatch, $"possible etag mismatch. error from state store: {error}");
    }

    private async Task ReloadAsync(CancellationToken ct)
    {
        foreach (var script in RedisStateScripts.All)
        {
            (await _redis.SendAsync("SCRIPT", "LOAD", script.Text).WaitAsync(_limit, ct)).OrThrow();
        }
    }

    private static string Escape(string literal) =>
        literal.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal)
            .Replace("?", "\\?", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal);
}
