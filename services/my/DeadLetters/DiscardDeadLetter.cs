using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.DeadLetters;

/// <summary>Nobody needs this message any more. It stays to be looked at, and may be replayed after all, until its retention ends.</summary>
internal sealed partial class DiscardDeadLetter
{
    private const string Discard =
        """
        update dead_letters set state = 'discarded', next_retry_at = null, discarded_at = $2, discarded_by = $3, changed_at = $2
        where id = $1 and state <> 'discarded'
        """;

    private const string Exists = "select 1 from dead_letters where id = $1";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/{id:guid}", Handle);

    private static async Task<Results<NoContent, ProblemHttpResult>> Handle(
        Guid id, Admin admin, NpgsqlDataSource db, Outbox outbox, TimeProvider clock, ILogger<DiscardDeadLetter> logger, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var discard = new NpgsqlCommand(Discard, connection).With(id, now, admin.Id);
        if (await discard.ExecuteNonQueryAsync(ct) == 0)
        {
            // Once more for a letter that is discarded is no mistake, and no deed.
            await using var exists = new NpgsqlCommand(Exists, connection).With(id);
            return await exists.ExecuteScalarAsync(ct) is null ? Problems.DeadLetterNotFound() : TypedResults.NoContent();
        }

        await using (var told = connection.CreateBatch())
        {
            told.BatchCommands.Add(Replays.Told(outbox, admin.Id, "dead_letter_discarded", id.ToString("D"), now));
            await told.ExecuteNonQueryAsync(ct);
        }

        await transaction.CommitAsync(ct);
        outbox.Wake();
        Discarded(logger, id, admin.Id);
        return TypedResults.NoContent();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Dead letter {Id} was discarded by {Admin}")]
    private static partial void Discarded(ILogger logger, Guid id, Guid admin);
}
