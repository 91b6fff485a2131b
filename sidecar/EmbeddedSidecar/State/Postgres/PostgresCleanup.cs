using EmbeddedSidecar.Postgres;
using Npgsql;

namespace EmbeddedSidecar.State.Postgres;

/// <summary>Removes what expired, once in each interval among all processes, daprd's included, that use the table.</summary>
internal sealed partial class PostgresCleanup : IAsyncDisposable
{
    private readonly NpgsqlDataSource _database;
    private readonly PostgresOptions _options;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;

    public PostgresCleanup(NpgsqlDataSource database, PostgresOptions options, TimeSpan interval, TimeProvider clock, ILogger log)
    {
        (_database, _options, _interval, _clock, _log) = (database, options, interval, clock, log);
        _loop = RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(_interval, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                try
                {
                    await CleanAsync(_stopping.Token);
                }
                catch (Exception failed) when (PostgresServers.IsFailure(failed))
                {
                    NotCleaned(_log, _options.Table, failed.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task CleanAsync(CancellationToken ct)
    {
        // Who sets the time of the last clean-up does the work; a little less than the interval, since clocks tick unevenly.
        var most = (long)(_interval - TimeSpan.FromMilliseconds(100)).TotalMilliseconds;
        await using var claim = _database.CreateCommand(
            $"insert into {_options.MetadataTable} as m (key, value) values ($1, now()::text) on conflict (key) do update set value = excluded.value "
            + "where now() - m.value::timestamptz > make_interval(secs => $2 / 1000.0)");
        claim.Parameters.Add(new() { Value = "last-cleanup-state-v2-" + _options.TablePrefix });
        claim.Parameters.Add(new() { Value = most });
        if (await claim.ExecuteNonQueryAsync(ct) == 0)
        {
            return;
        }

        await using var remove = _database.CreateCommand($"delete from {_options.Table} where expires_at is not null and expires_at < now()");
        remove.CommandTimeout = 600;
        var count = await remove.ExecuteNonQueryAsync(ct);
        Cleaned(_log, count, _options.Table);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Removed {Count} expired entries of {Table}")]
    private static partial void Cleaned(ILogger log, int count, string table);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Expired entries of {Table} were not removed: {Reason}")]
    private static partial void NotCleaned(ILogger log, string table, string reason);
}
