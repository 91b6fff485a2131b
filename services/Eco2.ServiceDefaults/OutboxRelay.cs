using System.Text;
using Dapr;
using Dapr.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Eco2.ServiceDefaults;

/// <summary>Empties the outbox: woken after a commit, and now and then for what another replica left when it died.
/// A row is deleted after the broker has its message, so a crash between the two repeats a message and never loses one.</summary>
internal sealed partial class OutboxRelay(
    Outbox outbox, NpgsqlDataSource db, DaprClient dapr, ServiceIdentity service, TimeProvider clock, ILogger<OutboxRelay> logger) : BackgroundService
{
    private const int BatchSize = 50;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    // Only the first message of each key, so that its order holds; replicas skip what another one has in hand,
    // and then the later messages of that key are not the first.
    private string Take => $"""
        select id, event_id, component, topic, payload, traceparent from {service.Schema}.outbox o
        where not exists (select 1 from {service.Schema}.outbox earlier where earlier.key = o.key and earlier.id < o.id)
        order by id limit {BatchSize} for update skip locked
        """;

    private sealed record Message(long Id, Guid EventId, string Component, string Topic, string Payload, string? TraceParent);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await RelayAsync(stoppingToken) is { Taken: > 0 } round)
                {
                    if (round.Failure is not null)
                    {
                        throw round.Failure;
                    }
                }

                failures = 0;
                await outbox.WokenAsync(Round, clock, stoppingToken);
                // Under load others commit in the meantime, and one round serves them all.
                await Task.Delay(Moment, clock, stoppingToken);
            }
            catch (Exception e) when (e is DaprException or NpgsqlException or TimeoutException)
            {
                failures++;
                Failed(logger, failures, e.InnerException?.Message ?? e.Message);
                var pause = TimeSpan.FromMilliseconds(Math.Min(LongestPause.TotalMilliseconds, 100 * Math.Pow(2, Math.Min(failures, 10))));
                await Task.Delay(pause, clock, stoppingToken);
            }
        }
    }

    private async Task<(int Taken, Exception? Failure)> RelayAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var messages = await TakeAsync(connection, ct);
        if (messages.Count == 0)
        {
            return (0, null);
        }

        var outcomes = await Task.WhenAll(messages.Select(m => PublishAsync(m, ct)));
        var sent = messages.Where((_, i) => outcomes[i] is null).Select(m => m.Id).ToArray();
        await using var delete = new NpgsqlCommand($"delete from {service.Schema}.outbox where id = any($1)", connection).With((object)sent);
        // The broker has them: forgetting that because somebody pressed Ctrl-C would send them twice.
        await delete.ExecuteNonQueryAsync(CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
        return (messages.Count, outcomes.FirstOrDefault(o => o is not null));
    }

    private async Task<List<Message>> TakeAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var take = new NpgsqlCommand(Take, connection);
        await using var row = await take.ExecuteReaderAsync(ct);
        var messages = new List<Message>();
        while (await row.ReadAsync(ct))
        {
            messages.Add(new Message(
                row.GetInt64(0), row.GetGuid(1), row.GetString(2), row.GetString(3), row.GetString(4), row.IsDBNull(5) ? null : row.GetString(5)));
        }

        return messages;
    }

    private async Task<Exception?> PublishAsync(Message message, CancellationToken ct)
    {
        var metadata = new Dictionary<string, string> { ["cloudevent.id"] = message.EventId.ToString("D") };
        if (message.TraceParent is not null)
        {
            metadata["cloudevent.traceparent"] = message.TraceParent;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(LongestPause);
        try
        {
            await dapr.PublishByteEventAsync(message.Component, message.Topic, Encoding.UTF8.GetBytes(message.Payload), "application/json", metadata, limit.Token);
            return null;
        }
        catch (DaprException e)
        {
            return e;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new TimeoutException($"Publishing to {message.Topic} took too long.");
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Messages wait in the outbox, attempt {Attempt}: {Why}")]
    private static partial void Failed(ILogger logger, int attempt, string why);
}
