using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.Privacy;

/// <summary>Forgets where people were: traces in the audit after 90 days, sessions that ended 30 days ago. Then it writes the end of the audit's
/// chain into the log, where whoever could change the chain cannot. The binding calls every replica at once.</summary>
internal sealed partial class SweepTraces
{
    private const int Batch = 1000;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private static readonly (string Sql, TimeSpan Age)[] Sweeps =
    [
        ("delete from sessions where id in (select id from sessions where least(revoked_at, expires_at) < $1 limit $2 for update skip locked)", TimeSpan.FromDays(30)),
        ("delete from refresh_tokens where hash in (select hash from refresh_tokens where expires_at < $1 limit $2 for update skip locked)", TimeSpan.FromDays(1)),
        ("delete from ended_sessions where id in (select id from ended_sessions where revoked_at < $1 limit $2 for update skip locked)", TimeSpan.FromDays(1)),
        ("delete from audit_once where name in (select name from audit_once where at < $1 limit $2 for update skip locked)", TimeSpan.FromDays(2)),
    ];

    // The name of the binding.
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/retention", Handle);

    private static async Task<Ok> Handle(NpgsqlDataSource db, TimeProvider clock, ILogger<SweepTraces> logger, CancellationToken ct)
    {
        var (now, began) = (clock.GetUtcNow(), clock.GetTimestamp());
        foreach (var (sql, age) in Sweeps)
        {
            var round = Batch;
            while (round == Batch && clock.GetElapsedTime(began) < Longest)
            {
                round = await db.ExecuteForSystemAsync(SystemScope.Sweep, ct, new NpgsqlBatchCommand(sql).With(now - age, Batch));
            }
        }

        object? forgotten = Batch;
        while (forgotten is Batch && clock.GetElapsedTime(began) < Longest)
        {
            await using var forget = db.CreateCommand("select forget_audit_traces($1, $2)").With(now - TimeSpan.FromDays(90), Batch);
            forgotten = await forget.ExecuteScalarAsync(ct);
        }

        await using var head = db.CreateCommand("select seq || ':' || encode(hash, 'hex') from audit_head");
        var end = (string)(await head.ExecuteScalarAsync(ct))!;
        ChainEnds(logger, end);
        return TypedResults.Ok();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The audit log ends at {Head}")]
    private static partial void ChainEnds(ILogger logger, string head);
}
