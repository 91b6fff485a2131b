using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Auth.Accounts;

/// <summary>Once an hour: removes what has no meaning any more. Every replica may do it.</summary>
internal sealed partial class Sweep(NpgsqlDataSource db, TimeProvider clock, ILogger<Sweep> logger) : BackgroundService
{
    private static readonly TimeSpan Round = TimeSpan.FromHours(1);

    private static readonly string[] Statements =
    [
        "delete from sign_in_attempts where last_at < $1 - interval '1 day' and (blocked_until is null or blocked_until < $1)",
        "delete from sign_in_challenges where expires_at < $1",
        "delete from one_time_links where expires_at < $1",
        "delete from known_addresses where last_at < $1 - interval '90 days'",
        "delete from idempotent_answers where claimed_at < $1 - interval '1 day'",
        "delete from provider_sign_ins where expires_at < $1",
        "delete from api_keys where least(revoked_at, expires_at) < $1 - interval '30 days'",
    ];

    public async Task RunAsync(CancellationToken ct)
    {
        await using var all = await db.BeginForSystemAsync(SystemScope.Sweep, ct);
        await using var batch = all.Connection.CreateBatch();
        foreach (var statement in Statements)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(statement).With(clock.GetUtcNow()));
        }

        await batch.ExecuteNonQueryAsync(ct);
        await all.CommitAsync(ct);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Round, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (NpgsqlException e)
            {
                Failed(logger, e.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old rows stay for another hour: {Why}")]
    private static partial void Failed(ILogger logger, string why);
}
