using System.Text.Json;
using EmbeddedSidecar.Redis;

namespace EmbeddedSidecar.PubSub.Redis;

/// <summary>An entry of a stream. Data is null when the stream was trimmed and only the reminder of the entry is left.</summary>
internal readonly record struct StreamEntry(string Id, BrokerMessage? Message);

/// <summary>The commands on one consumer group of one stream. Replies that are errors become <see cref="RedisReplyException"/>.</summary>
internal sealed class RedisConsumerGroup(RespConnection redis, string topic, RedisStreamsOptions options)
{
    private static readonly Dictionary<string, string> _none = [];

    public string Topic { get; } = topic;

    /// <summary>Makes stream and group. A new group begins at the oldest message, as in Dapr.</summary>
    public async Task CreateAsync(CancellationToken ct)
    {
        var reply = await redis.SendAsync("XGROUP", "CREATE", Topic, options.ConsumerId, "0", "MKSTREAM").WaitAsync(ct);
        if (reply.Error?.StartsWith("BUSYGROUP", StringComparison.Ordinal) != true)
        {
            reply.OrThrow();
        }
    }

    /// <summary>Waits on a connection of its own for new entries; none when the time is over.</summary>
    public async Task<IReadOnlyList<StreamEntry>> ReadNewAsync(RespConnection reader, TimeSpan wait) =>
        Entries(await reader.SendAsync(
            "XREADGROUP", "GROUP", options.ConsumerId, options.Consumer, "COUNT", options.QueueDepth,
            "BLOCK", (long)wait.TotalMilliseconds, "STREAMS", Topic, ">"));

    /// <summary>What this consumer was given and has not acknowledged, after an id.</summary>
    public async Task<IReadOnlyList<StreamEntry>> ReadOwnAsync(string after, CancellationToken ct) =>
        Entries(await redis.SendAsync(
            "XREADGROUP", "GROUP", options.ConsumerId, options.Consumer, "COUNT", options.QueueDepth, "STREAMS", Topic, after).WaitAsync(ct));

    /// <summary>Ids from one id on that were given to any consumer and not acknowledged, and for how long they lie there.</summary>
    public async Task<IReadOnlyList<(string Id, TimeSpan Idle)>> PendingAsync(string from, CancellationToken ct)
    {
        var reply = await redis.SendAsync("XPENDING", Topic, options.ConsumerId, from, "+", options.QueueDepth).WaitAsync(ct);
        return [.. (reply.OrThrow().Items ?? []).Select(row => (row.Items![0].Text!, TimeSpan.FromMilliseconds(row.Items[2].Number ?? 0)))];
    }

    /// <summary>Takes over entries that are still idle for long enough; who else wanted them got nothing then.</summary>
    public async Task<IReadOnlyList<StreamEntry>> ClaimAsync(IReadOnlyList<string> ids, CancellationToken ct)
    {
        var reply = await redis.SendAsync(
            ["XCLAIM", Topic, options.ConsumerId, options.Consumer, (long)options.ProcessingTimeout.TotalMilliseconds, .. Words(ids)]).WaitAsync(ct);

        // Before Redis 7 an entry that was trimmed away is a null here; it has no id to go by.
        return [.. (reply.OrThrow().Items ?? []).Where(entry => entry.Items is not null).Select(Entry)];
    }

    /// <summary>Marks own entries as if they had been idle for long, so that whoever looks next takes them.</summary>
    public async Task GiveBackAsync(IReadOnlyList<string> ids, CancellationToken ct)
    {
        var reply = await redis.SendAsync(
            ["XCLAIM", Topic, options.ConsumerId, options.Consumer, 0L, .. Words(ids),
            "IDLE", (long)options.ProcessingTimeout.TotalMilliseconds + 1, "JUSTID"]).WaitAsync(ct);
        reply.OrThrow();
    }

    public async Task AcknowledgeAsync(IReadOnlyList<string> ids, CancellationToken ct) =>
        (await redis.SendAsync(["XACK", Topic, options.ConsumerId, .. Words(ids)]).WaitAsync(ct)).OrThrow();

    /// <summary>True when the stream does not have this entry any more.</summary>
    public async Task<bool> IsTrimmedAsync(string id, CancellationToken ct) =>
        (await redis.SendAsync("XRANGE", Topic, id, id).WaitAsync(ct)).OrThrow().Items is not { Length: > 0 };

    /// <summary>Wakes the read that blocks on another connection; it then ends without entries.</summary>
    public Task UnblockAsync(long clientId, CancellationToken ct) => redis.SendAsync("CLIENT", "UNBLOCK", clientId).WaitAsync(ct);

    /// <summary>Removes what nobody will use again: a private group, or this consumer if it owes nothing.</summary>
    public async Task LeaveAsync(CancellationToken ct)
    {
        if (options.IsPrivateGroup)
        {
            (await redis.SendAsync("XGROUP", "DESTROY", Topic, options.ConsumerId).WaitAsync(ct)).OrThrow();
            return;
        }

        // Only this process gives entries to this consumer, so between the question and the removal nothing can arrive.
        var owed = (await redis.SendAsync("XPENDING", Topic, options.ConsumerId, "-", "+", 1, options.Consumer).WaitAsync(ct)).OrThrow();
        if (owed.Items is { Length: 0 })
        {
            (await redis.SendAsync("XGROUP", "DELCONSUMER", Topic, options.ConsumerId, options.Consumer).WaitAsync(ct)).OrThrow();
        }
    }

    /// <summary>The smallest id behind this one.</summary>
    public static string After(string id)
    {
        var dash = id.IndexOf('-', StringComparison.Ordinal);
        var sequence = ulong.Parse(id.AsSpan(dash + 1), System.Globalization.CultureInfo.InvariantCulture);
        return sequence == ulong.MaxValue ? $"{ulong.Parse(id.AsSpan(0, dash), System.Globalization.CultureInfo.InvariantCulture) + 1}-0" : $"{id[..dash]}-{sequence + 1}";
    }

    private static IEnumerable<RespArg> Words(IReadOnlyList<string> ids) => ids.Select(id => (RespArg)id);

    // A reply of XREADGROUP is a list of one stream: its name and its entries.
    private StreamEntry[] Entries(RespValue reply) =>
        reply.OrThrow().Items is [var stream, ..] ? Array.ConvertAll(stream.Items![1].Items ?? [], Entry) : [];

    private StreamEntry Entry(RespValue entry)
    {
        var id = entry.Items![0].Text!;
        if (entry.Items[1].Items is not { } fields)
        {
            return new StreamEntry(id, null);
        }

        ReadOnlyMemory<byte> data = default;
        var metadata = _none;
        for (var i = 0; i + 1 < fields.Length; i += 2)
        {
            var name = fields[i].Bytes.AsSpan();
            if (name.SequenceEqual("data"u8))
            {
                data = fields[i + 1].Bytes;
            }
            else if (name.SequenceEqual("metadata"u8))
            {
                metadata = Metadata(fields[i + 1].Bytes);
            }
        }

        return new StreamEntry(id, new BrokerMessage(Topic, data, metadata));
    }

    // Metadata that is not a map of texts is as none, as in Dapr: the message itself matters more.
    private static Dictionary<string, string> Metadata(ReadOnlySpan<byte> json)
    {
        if (json.Length <= 2)
        {
            return _none;
        }

        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, string>>(json) ?? _none;
        }
        catch (JsonException)
        {
            return _none;
        }
    }
}
