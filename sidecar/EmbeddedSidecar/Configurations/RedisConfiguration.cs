using System.Collections.Concurrent;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Redis;

namespace EmbeddedSidecar.Configurations;

/// <summary>configuration.redis: an item is a plain string key, its value may end in <c>||version</c>; changes come as keyspace events.</summary>
/// <remarks>The server says nothing about changes unless its <c>notify-keyspace-events</c> has K and the classes wanted, for example KA.</remarks>
internal sealed class RedisConfiguration : IComponent
{
    private readonly ConcurrentDictionary<string, KeyspaceSubscription> _subscriptions = new(StringComparer.Ordinal);
    private readonly RedisOptions _options;
    private readonly RedisConnections _connections;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly TimeSpan _limit;
    private RespConnection _redis = null!;

    public RedisConfiguration(ComponentContext context)
    {
        _options = RedisOptions.From(context.Metadata);
        _connections = context.Services.Redis;
        _clock = context.Services.Clock;
        _log = context.Services.Logs.CreateLogger<RedisConfiguration>();
        _limit = RedisOptions.Patience(context.Metadata);
    }

    public IReadOnlyList<string> Capabilities => [];

    public async Task OpenAsync(CancellationToken ct) => _redis = await _connections.SharedAsync(_options, "configuration", ct);

    public async ValueTask DisposeAsync()
    {
        foreach (var id in _subscriptions.Keys)
        {
            await UnsubscribeAsync(id);
        }
    }

    /// <summary>The items that exist, by key.</summary>
    /// <param name="keys">Empty = all keys of the database.</param>
    public async ValueTask<Dictionary<string, Item>> GetAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        if (keys.Count == 0)
        {
            var all = (await _redis.SendAsync("KEYS", "*").WaitAsync(_limit, ct)).OrThrow();
            keys = [.. all.Items!.Select(key => key.Text!)];
        }

        var replies = await Task.WhenAll(keys.Select(key => _redis.SendAsync("GET", key))).WaitAsync(_limit, ct);
        var items = new Dictionary<string, Item>(StringComparer.Ordinal);
        foreach (var (key, reply) in keys.Zip(replies))
        {
            // A key of another type is somebody else's.
            if (reply.Error?.StartsWith("WRONGTYPE", StringComparison.Ordinal) != true && reply.OrThrow().Text is { } text)
            {
                var parts = text.Split("||");
                if (parts[0].Length > 0)
                {
                    items[key] = new Item(parts[0], parts.Length > 1 ? parts[1] : "");
                }
            }
        }

        return items;
    }

    /// <summary>Calls back for each change of one of the keys, one at a time; a deleted key comes with an empty value.</summary>
    /// <param name="keys">Empty = all keys of the database.</param>
    /// <returns>What <see cref="UnsubscribeAsync"/> wants. The server has confirmed the subscription.</returns>
    public async ValueTask<string> SubscribeAsync(
        IReadOnlyList<string> keys, Func<string, IReadOnlyDictionary<string, Item>, CancellationToken, Task> changed, CancellationToken ct)
    {
        var id = Guid.CreateVersion7(_clock.GetUtcNow()).ToString();
        var subscription = new KeyspaceSubscription(_options, keys, ChangedAsync, _clock, _log);
        _subscriptions[id] = subscription;
        try
        {
            await subscription.StartAsync(ct);
        }
        catch
        {
            await UnsubscribeAsync(id);
            throw;
        }

        return id;

        async Task ChangedAsync(string key, CancellationToken token)
        {
            var items = await GetAsync([key], token);
            if (items.Count == 0)
            {
                items[key] = new Item("", "");
            }

            await changed(id, items, token);
        }
    }

    /// <summary>Ends when the subscription does, at once when there is none.</summary>
    public Task EndOf(string id) => _subscriptions.TryGetValue(id, out var subscription) ? subscription.Ended : Task.CompletedTask;

    /// <summary>False when there is no such subscription.</summary>
    public async ValueTask<bool> UnsubscribeAsync(string id)
    {
        if (!_subscriptions.TryRemove(id, out var subscription))
        {
            return false;
        }

        await subscription.DisposeAsync();
        return true;
    }

    /// <param name="Version">What the one who wrote the value calls it, or empty.</param>
    internal readonly record struct Item(string Value, string Version);
}
