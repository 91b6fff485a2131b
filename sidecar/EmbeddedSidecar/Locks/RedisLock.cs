using EmbeddedSidecar.Components;
using EmbeddedSidecar.Redis;
using UnlockStatus = Dapr.Client.Autogen.Grpc.v1.UnlockResponse.Types.Status;

namespace EmbeddedSidecar.Locks;

/// <summary>lock.redis: a lock is a key with an expiry that holds its owner's name.</summary>
internal sealed class RedisLock : IComponent
{
    private const string Release = """
        local owner = redis.call('GET', KEYS[1])
        if not owner then return -1 end
        if owner ~= ARGV[1] then return -2 end
        return redis.call('DEL', KEYS[1])
        """;

    private readonly ComponentMetadata _metadata;
    private readonly RedisOptions _options;
    private readonly RedisConnections _connections;
    private readonly string? _prefix;
    private readonly TimeSpan _limit;
    private RespConnection _redis = null!;

    public RedisLock(ComponentContext context)
    {
        _metadata = context.Metadata;
        _ = _metadata.Required("redisHost");
        _options = RedisOptions.From(_metadata);
        _connections = context.Services.Redis;
        _limit = RedisOptions.Patience(_metadata);
        var prefix = _metadata.Text("keyPrefix", "appid");
        if (prefix.Contains(Separator, StringComparison.Ordinal))
        {
            throw _metadata.Refuse("keyPrefix", $"cannot contain {Separator}");
        }

        _prefix = prefix.ToLowerInvariant() switch
        {
            "appid" => context.App.AppId,
            "name" => context.Name,
            "none" => null,
            var custom => custom,
        };
    }

    public const string Separator = "||";

    public IReadOnlyList<string> Capabilities => [];

    public async Task OpenAsync(CancellationToken ct)
    {
        _redis = await _connections.SharedAsync(_options, "lock", ct);
        if (await _redis.ReplicasAsync(ct).WaitAsync(_limit, ct) > 0)
        {
            // A lock that a failover forgets is no lock.
            throw _metadata.Refuse("redisHost", "names a server with replicas; replication is not supported");
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>False when somebody holds it, be it the same owner. Never waits.</summary>
    public async ValueTask<bool> TryLockAsync(string resource, string owner, int expirySeconds, CancellationToken ct) =>
        (await _redis.SendAsync("SET", Key(resource), owner, "NX", "EX", (long)expirySeconds).WaitAsync(_limit, ct)).OrThrow().Text is not null;

    public async ValueTask<UnlockStatus> UnlockAsync(string resource, string owner, CancellationToken ct) =>
        (await _redis.SendAsync("EVAL", Release, 1L, Key(resource), owner).WaitAsync(_limit, ct)).OrThrow().Number switch
        {
            >= 0 => UnlockStatus.Success,
            -1 => UnlockStatus.LockDoesNotExist,
            -2 => UnlockStatus.LockBelongsToOthers,
            _ => UnlockStatus.InternalError,
        };

    private string Key(string resource) => _prefix is null ? $"lock{Separator}{resource}" : $"lock{Separator}{_prefix}{Separator}{resource}";
}
