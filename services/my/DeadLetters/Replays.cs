using Dapr;
using Dapr.Client;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.My.DeadLetters;

/// <summary>Publishes letters again: the same bytes to the same topic, so that subscribers who had taken the message know it. Rows are held
/// while that happens, so of several replicas one replays a letter, and one that fails at once is stored after we noted that it went.</summary>
internal sealed class Replays(NpgsqlDataSource db, DaprClient dapr, Outbox outbox, TimeProvider clock)
{
    public const int MaxPerRound = 50;
    private static readonly Dictionary<string, string> Raw = new() { ["rawPayload"] = "true" };
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private const string Sent =
        """
        update dead_letters set state = 'replayed', attempts = attempts + 1, next_retry_at = null, last_error = null,
          replayed_at = $2, replayed_by = $3, changed_at = $2
        where id = any($1)
        """;

    private const string NotSent = "update dead_letters set last_error = left($2, 500) where id = any($1)";

    public sealed record Outcome(IReadOnlyList<Guid> Sent, IReadOnlyList<Guid> Failed)
    {
        public int Taken => Sent.Count + Failed.Count;
    }

    /// <param name="where">Which rows, after <c>from dead_letters where</c>, and how they are locked.</param>
    /// <param name="values">Of its parameters.</param>
    /// <param name="by">The admin, or null for the schedule.</param>
    /// <param name="ct">Honoured until something is published.</param>
    public async Task<Outcome> ReplayAsync(string where, object?[] values, Guid? by, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var letters = await TakeAsync(connection, where, values, ct);
        if (letters.Count == 0)
        {
            return new Outcome([], []);
        }

        var errors = await Task.WhenAll(letters.Select(l => PublishAsync(l.Letter, ct)));
        var sent = letters.Where((_, i) => errors[i] is null).Select(l => l.Id).ToArray();
        var failed = letters.Where((_, i) => errors[i] is not null).Select(l => l.Id).ToArray();
        await using (var note = connection.CreateBatch())
        {
            note.BatchCommands.Add(new NpgsqlBatchCommand(Sent).With(sent, clock.GetUtcNow(), by));
            if (by is { } admin && sent.Length > 0)
            {
                var subject = sent is [var only] ? only.ToString("D") : $"{sent.Length} letters";
                note.BatchCommands.Add(Told(outbox, admin, "dead_letter_replayed", subject, clock.GetUtcNow()));
            }

            note.BatchCommands.Add(new NpgsqlBatchCommand(NotSent).With(failed, errors.FirstOrDefault(e => e is not null)));
            // The broker has them: forgetting that because somebody left would send them once more than is counted.
            await note.ExecuteNonQueryAsync(CancellationToken.None);
        }

        await transaction.CommitAsync(CancellationToken.None);
        outbox.Wake();
        return new Outcome(sent, failed);
    }

    /// <summary>What an admin did, for the audit log of the app auth, in the transaction of the deed.</summary>
    public static NpgsqlBatchCommand Told(Outbox outbox, Guid admin, string action, string subject, DateTimeOffset at) =>
        outbox.Entry(Messaging.PubSub, AuditTold.Topic, admin.ToString("D"), new AuditTold(Guid.CreateVersion7(at), "admin_acted", admin, subject, action, at));

    private static async Task<List<(Guid Id, Letter Letter)>> TakeAsync(NpgsqlConnection connection, string where, object?[] values, CancellationToken ct)
    {
        await using var take = new NpgsqlCommand($"select id, topic, event_id, payload from dead_letters where {where}", connection).With(values);
        await using var row = await take.ExecuteReaderAsync(ct);
        var letters = new List<(Guid, Letter)>();
        while (await row.ReadAsync(ct))
        {
            letters.Add((row.GetGuid(0), new Letter(row.GetString(1), row.GetString(2), null, row.GetFieldValue<byte[]>(3))));
        }

        return letters;
    }

    /// <returns>Null, or why it did not go.</returns>
    private async Task<string?> PublishAsync(Letter letter, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Limit);
        try
        {
            // Raw: the broker gets the bytes it had, envelope and all, and what is broken in them comes back to the same row.
            await dapr.PublishByteEventAsync(Messaging.PubSub, letter.Topic, letter.Payload, "application/octet-stream", Raw, limit.Token);
            return null;
        }
        catch (DaprException e)
        {
            return e.InnerException?.Message ?? e.Message;
        }
        catch (OperationCanceledException)
        {
            return "Publishing took too long.";
        }
    }
}
