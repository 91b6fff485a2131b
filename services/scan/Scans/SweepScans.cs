using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Scan.Scans;

/// <summary>Forgets results that are older than their owner keeps them. The binding calls every replica at once; they share the rows.</summary>
internal sealed partial class SweepScans
{
    private const int Batch = 500;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    // The window of the index first: nobody keeps anything for less than a day.
    private const string Sweep =
        """
        delete from scans where job_id in (
          select s.job_id from scans s left join retention r on r.user_id = s.user_id
          where s.status <> 'queued' and s.created_at < $1::timestamptz - interval '1 day'
            and s.created_at < $1::timestamptz - make_interval(days => coalesce(r.days, $2))
          order by s.created_at limit $3 for update of s skip locked)
        """;

    // The name of the binding.
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/retention", Handle);

    private static async Task<Ok> Handle(NpgsqlDataSource db, TimeProvider clock, ILogger<SweepScans> logger, CancellationToken ct)
    {
        var (began, swept, round) = (clock.GetTimestamp(), 0, Batch);
        while (round == Batch && clock.GetElapsedTime(began) < Longest)
        {
            await using var work = await db.BeginForAllUsersAsync(ct);
            await using var sweep = work.Command(Sweep, clock.GetUtcNow(), RetentionChanged.DefaultResultDays, Batch);
            round = await sweep.ExecuteNonQueryAsync(ct);
            await work.CommitAsync(ct);
            swept += round;
        }

        Swept(logger, swept);
        return TypedResults.Ok();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} old scans were forgotten")]
    private static partial void Swept(ILogger logger, int count);
}
