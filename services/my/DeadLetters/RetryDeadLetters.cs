using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.My.DeadLetters;

/// <summary>A round of the schedule: retries what is due and forgets what is old. The binding calls every replica at once; they share the rows.</summary>
internal sealed partial class RetryDeadLetters
{
    // Ends before the next round begins, so that rounds do not pile up behind a slow broker.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);

    private static readonly string Due =
        $"state = 'waiting' and next_retry_at <= $1 order by next_retry_at limit {Replays.MaxPerRound} for update skip locked";

    private const string Forget =
        "delete from dead_letters where id in (select id from dead_letters where state <> 'waiting' and changed_at < $1 limit 10000)";

    // The name of the binding.
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/dead-letters-retry", Handle);

    private static async Task<Ok> Handle(
        Replays replays, NpgsqlDataSource db, IOptions<DeadLetterOptions> options, DeadLetterMeter meter, TimeProvider clock, ILogger<RetryDeadLetters> logger, CancellationToken ct)
    {
        var (began, replayed) = (clock.GetTimestamp(), 0);
        // What comes back during the round waits for the next one.
        var now = clock.GetUtcNow();
        while (clock.GetElapsedTime(began) < Longest)
        {
            var outcome = await replays.ReplayAsync(Due, [now], null, ct);
            replayed += outcome.Sent.Count;
            if (outcome.Failed.Count > 0)
            {
                NotNow(logger, outcome.Failed.Count);
                break;
            }

            if (outcome.Taken == 0)
            {
                break;
            }
        }

        if (replayed > 0)
        {
            meter.Replayed(replayed);
            Retried(logger, replayed);
        }

        await using var forget = db.CreateCommand(Forget).With(now - options.Value.Retention);
        await forget.ExecuteNonQueryAsync(ct);
        return TypedResults.Ok();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} dead letters were published again")]
    private static partial void Retried(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} dead letters could not be published now; the next round tries again")]
    private static partial void NotNow(ILogger logger, int count);
}
