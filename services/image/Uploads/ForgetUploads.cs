using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Image.Uploads;

/// <summary>Forgets uploads that were announced and never came.</summary>
internal sealed partial class ForgetUploads(NpgsqlDataSource db, TimeProvider clock, ILogger<ForgetUploads> logger) : BackgroundService
{
    private const string Delete = "delete from images where status = 'pending' and expires_at < $1";
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        do
        {
            try
            {
                await using var work = await db.BeginForAllUsersAsync(stoppingToken);
                await using var delete = work.Command(Delete, clock.GetUtcNow());
                await delete.ExecuteNonQueryAsync(stoppingToken);
                await work.CommitAsync(stoppingToken);
            }
            catch (NpgsqlException e)
            {
                Later(logger, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old uploads are forgotten later: {Why}")]
    private static partial void Later(ILogger logger, string why);
}
