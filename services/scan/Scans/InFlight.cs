using System.Collections.Concurrent;
using Eco2.ServiceDefaults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Scan.Scans;

/// <summary>Is the whole system full? Every second one look at the database, which all replicas share, and in between what this replica has accepted
/// itself; so a submission asks nobody. A scan counts from its row to the end of its job, but not longer than a job can live.
/// Who was just found to have too many is known for a second as well: whoever hammers costs no picture, no log and no row.</summary>
internal sealed partial class InFlight(NpgsqlDataSource db, IOptions<ScanOptions> options, TimeProvider clock, ILogger<InFlight> logger) : BackgroundService
{
    // Counting further than the limits would cost most when there is least time.
    private const string Count =
        """
        select
          running.count,
          (select count(*) from (select from outbox limit $3) unsent),
          running.oldest
        from (select count(*), min(created_at) as oldest from (select created_at from scans where status = 'queued' and created_at > $1 limit $2) one) running
        """;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private readonly ScanOptions limits = options.Value;
    private readonly ConcurrentDictionary<Guid, long> fullUsers = new();
    private long counted;
    private long unsent;
    private long since;
    private long oldest;

    /// <summary>True when nothing more can be accepted.</summary>
    internal bool IsFull =>
        Running >= limits.MaxInFlight || Unsent >= limits.MaxUnsent;

    /// <summary>True when this user had too many a moment ago.</summary>
    internal bool IsFullFor(Guid userId) => fullUsers.TryGetValue(userId, out var found) && clock.GetElapsedTime(found) < Every;

    /// <summary>The database said that this user has too many.</summary>
    internal void FullFor(Guid userId) => fullUsers[userId] = clock.GetTimestamp();

    /// <summary>Scans that run, as far as is known here; counted no further than the limit.</summary>
    internal long Running => Interlocked.Read(ref counted) + Interlocked.Read(ref since);

    /// <summary>Messages that wait in the outbox; counted no further than the limit.</summary>
    internal long Unsent => Interlocked.Read(ref unsent);

    /// <summary>For how long the oldest scan that has not ended has been waiting or running; zero without one.</summary>
    internal TimeSpan OldestAge => Interlocked.Read(ref oldest) is > 0 and var ticks
        ? TimeSpan.FromTicks(Math.Max(0, clock.GetUtcNow().UtcTicks - ticks))
        : TimeSpan.Zero;

    /// <summary>One more was accepted here.</summary>
    internal void Accepted() => Interlocked.Increment(ref since);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // The first request already knows how full it is.
        await LookAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stoppingToken);
                await LookAsync(stoppingToken);
                foreach (var (userId, found) in fullUsers)
                {
                    if (clock.GetElapsedTime(found) >= Every)
                    {
                        fullUsers.TryRemove(KeyValuePair.Create(userId, found));
                    }
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        var before = Interlocked.Read(ref since);
        try
        {
            await using var transaction = await db.BeginForAllUsersAsync(ct);
            await using var count = transaction.Command(Count, clock.GetUtcNow() - limits.JobLifetime, limits.MaxInFlight, limits.MaxUnsent);
            await using var row = await count.ExecuteReaderAsync(ct);
            await row.ReadAsync(ct);
            Interlocked.Exchange(ref counted, row.GetInt64(0));
            Interlocked.Exchange(ref unsent, row.GetInt64(1));
            Interlocked.Exchange(ref oldest, await row.IsDBNullAsync(2, ct) ? 0 : row.GetFieldValue<DateTimeOffset>(2).UtcTicks);
            // What was accepted while counting may be counted twice until the next look.
            Interlocked.Add(ref since, -before);
        }
        catch (NpgsqlException e)
        {
            // Without a database nothing is accepted anyway.
            Unknown(logger, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Running scans cannot be counted now: {Why}")]
    private static partial void Unknown(ILogger logger, string why);
}
