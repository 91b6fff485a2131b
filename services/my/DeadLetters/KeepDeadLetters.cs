using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.My.DeadLetters;

/// <summary>Keeps what no subscriber took. One row for a message, however often and from however many subscribers it comes.</summary>
internal sealed partial class KeepDeadLetters
{
    // Only a letter that was published again can have failed again. Coming twice for one failure changes nothing, and what an admin discarded stays so.
    private const string Upsert =
        """
        insert into dead_letters as l (id, topic, event_id, source, payload, state, first_seen_at, last_seen_at, next_retry_at, changed_at)
        select id, topic, event_id, source, payload, case when $6 > 0 then 'waiting' else 'exhausted' end, $7, $7, case when $6 > 0 then $8 end, $7
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[]) as new (id, topic, event_id, source, payload)
        on conflict (topic, event_id) do update set
          last_seen_at = excluded.last_seen_at,
          state = case when l.state <> 'replayed' then l.state when l.attempts < $6 then 'waiting' else 'exhausted' end,
          next_retry_at = case when l.state <> 'replayed' then l.next_retry_at when l.attempts < $6 then $8 end,
          changed_at = case when l.state <> 'replayed' then l.changed_at else $7 end
        returning id, topic, attempts, state = 'exhausted' and changed_at = $7
        """;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/dead-letters", Handle).WithMetadata(new BatchSize());

    private static async Task<BulkAnswer> Handle(
        LetterBatch batch, NpgsqlDataSource db, IOptions<DeadLetterOptions> options, DeadLetterMeter meter, TimeProvider clock, ILogger<KeepDeadLetters> logger, CancellationToken ct)
    {
        // In one order for everybody, so that two batches with the same letters do not wait for each other.
        var letters = batch.Entries.Select(e => e.Letter).DistinctBy(l => (l.Topic, l.EventId)).OrderBy(l => l.Topic, StringComparer.Ordinal).ThenBy(l => l.EventId, StringComparer.Ordinal).ToList();
        var now = clock.GetUtcNow();
        // The database keeps microseconds; what it compares must have no more.
        now = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        await using var upsert = db.CreateCommand(Upsert).With(
            letters.ConvertAll(_ => Guid.CreateVersion7(now)).ToArray(),
            letters.ConvertAll(l => l.Topic).ToArray(),
            letters.ConvertAll(l => l.EventId).ToArray(),
            letters.ConvertAll(l => l.Source).ToArray(),
            letters.ConvertAll(l => l.Payload).ToArray(),
            options.Value.MaxRetries,
            now,
            now + options.Value.RetryPause);
        await using var row = await upsert.ExecuteReaderAsync(ct);
        while (await row.ReadAsync(ct))
        {
            meter.Kept(row.GetString(1), row.GetBoolean(3));
            if (row.GetBoolean(3))
            {
                Exhausted(logger, row.GetGuid(0), row.GetString(1), row.GetInt32(2));
            }
            else
            {
                Kept(logger, row.GetGuid(0), row.GetString(1), row.GetInt32(2));
            }
        }

        return batch.AllStored();
    }

    /// <summary>A batch of the largest messages there are, in base64, is more than this; one of what we publish is far less.</summary>
    private sealed class BatchSize : IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => 64 * 1024 * 1024;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Dead letter {Id} of {Topic} is kept, replayed {Attempts} times so far")]
    private static partial void Kept(ILogger logger, Guid id, string topic, int attempts);

    [LoggerMessage(Level = LogLevel.Error, Message = "Dead letter {Id} of {Topic} came back after {Attempts} replays; it is retried no more")]
    private static partial void Exhausted(ILogger logger, Guid id, string topic, int attempts);
}
