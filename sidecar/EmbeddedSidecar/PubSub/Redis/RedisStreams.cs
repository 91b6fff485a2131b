using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Redis;

namespace EmbeddedSidecar.PubSub.Redis;

/// <summary>pubsub.redis: a topic is a stream, a message an entry with the fields data and metadata, as in Dapr.</summary>
internal sealed partial class RedisStreams : IPubSub
{
    private readonly RedisStreamsOptions _options;
    private readonly RedisConnections _connections;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _slots;
    private readonly ConcurrentDictionary<string, bool> _joined = new(StringComparer.Ordinal);
    private RespConnection _redis = null!;

    public RedisStreams(ComponentContext context)
    {
        _options = RedisStreamsOptions.From(context);
        Scopes = new TopicScopes(context.Metadata, context.App.AppId);
        _connections = context.Services.Redis;
        _clock = context.Services.Clock;
        _log = context.Services.Logs.CreateLogger<RedisStreams>();
        _slots = new SemaphoreSlim(_options.Concurrency);
    }

    public TopicScopes Scopes { get; }

    public IReadOnlyList<string> Capabilities { get; } = [];

    public async Task OpenAsync(CancellationToken ct)
    {
        _redis = await _connections.SharedAsync(_options.Server, "pubsub", ct);
        if (_options.MaxLength > 0 && _options.TimeToLive > TimeSpan.Zero)
        {
            OneTrimming(_log);
        }

        if (_options.IntervalIsIgnored)
        {
            NoInterval(_log);
        }
    }

    public async Task PublishAsync(string topic, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string>? metadata, CancellationToken ct)
    {
        var words = new List<RespArg>(10) { "XADD", topic };
        if (_options.MaxLength > 0)
        {
            words.AddRange(["MAXLEN", "~", _options.MaxLength]);
        }
        else if (_options.TimeToLive > TimeSpan.Zero)
        {
            words.AddRange(["MINID", "~", $"{_clock.GetUtcNow().Add(-_options.TimeToLive).ToUnixTimeMilliseconds()}-1"]);
        }

        words.AddRange(["*", "data", data]);
        if (metadata is not null)
        {
            words.AddRange(["metadata", Metadata(metadata)]);
        }

        (await _redis.SendAsync([.. words]).WaitAsync(_options.Patience, _clock, ct)).OrThrow();
    }

    public async Task<IBrokerSubscription> SubscribeAsync(
        string topic, IReadOnlyDictionary<string, string> metadata, MessageHandler handler, CancellationToken ct)
    {
        var reader = await _connections.DedicatedAsync(_options.Server, ct);
        try
        {
            var group = new RedisConsumerGroup(_redis, topic, _options);
            await group.CreateAsync(ct);
            _joined[topic] = true;
            return new RedisStreamSubscription(group, reader, _slots, handler, _options, _clock, _log);
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }

    /// <summary>Leaves the groups, so that restarts do not fill Redis with names that never come back.</summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1), _clock);
        foreach (var topic in _joined.Keys)
        {
            try
            {
                await new RedisConsumerGroup(_redis, topic, _options).LeaveAsync(limit.Token);
            }
            catch (Exception away) when (away is RedisUnavailableException or RedisReplyException or OperationCanceledException)
            {
                NotLeft(_log, topic, away.Message);
            }
        }

        _slots.Dispose();
    }

    private static byte[] Metadata(IReadOnlyDictionary<string, string> metadata)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in metadata)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "pubsub.redis: maxLenApprox and streamTTL exclude each other; maxLenApprox is used")]
    private static partial void OneTrimming(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "pubsub.redis: redeliverInterval counts for Dapr as a bare number of milliseconds only; this one is ignored and 15 s it is")]
    private static partial void NoInterval(ILogger log);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Did not leave the consumer group of stream {Topic}: {Reason}")]
    private static partial void NotLeft(ILogger log, string topic, string reason);
}
