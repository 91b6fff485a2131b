using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Scan.Scans;

/// <summary>Forgets results that are older than their owner keeps them. The binding calls every replica at once; they share the rows.</summary>
internal sealed partial class SweepScans
{
    private const int Batch = 500;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    // Nobody keeps anything for less than a day, and then no workflow is under way.
    private static readonly TimeSpan Youngest = TimeSpan.FromDays(1);

    // What a log lives at most after its job's last event.
    private static readonly TimeSpan Told = TimeSpan.FromDays(2);

    // The window of the index first.
    private const string Sweep =
        """
        with gone as (
          delete from scans where job_id in (
            select s.job_id from scans s left join retention r on r.user_id = s.user_id
            where s.status <> 'queued' and s.created_at < $4 and s.created_at < $1::timestamptz - make_interval(days => coalesce(r.days, $2))
            order by s.created_at limit $3 for update of s skip locked)
          returning job_id, user_id)
        insert into forgotten (job_id, user_id, due_at) select job_id, user_id, $1 from gone
        """;

    // Nobody told how they ended, and nobody will: their logs are gone.
    private static readonly string SweepAbandoned = Sweep.Replace("<> 'queued'", "= 'queued'", StringComparison.Ordinal);

    // The name of the binding.
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/retention", Handle);

    private static async Task<Ok> Handle(NpgsqlDataSource db, ForgetScans forget, IOptions<ScanOptions> options, TimeProvider clock, ILogger<SweepScans> logger, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var swept = await SweepAsync(Sweep, now - Youngest, db, clock, ct);
        swept += await SweepAsync(SweepAbandoned, now - options.Value.JobLifetime - Told, db, clock, ct);
        Swept(logger, swept);
        await forget.RunAsync(Longest, ct);
        return TypedResults.Ok();
    }

    private static async Task<int> SweepAsync(string sql, DateTimeOffset before, NpgsqlDataSource db, TimeProvider clock, CancellationToken ct)
    {
        var (began, swept, round) = (clock.GetTimestamp(), 0, Batch);
        while (round == Batch && clock.GetElapsedTime(began) < Longest)
        {
            await using var work = await db.BeginForAllUsersAsync(ct);
            await using var sweep = work.Command(sql, clock.GetUtcNow(), RetentionChanged.DefaultResultDays, Batch, before);
            round = await sweep.ExecuteNonQueryAsync(ct);
            await work.CommitAsync(ct);
            swept += round;
        }

        return swept;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} old scans were forgotten")]
    private static partial void Swept(ILogger logger, int count);
}
