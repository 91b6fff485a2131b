using System.Text.Json;
using Dapr;
using Dapr.Client;
using Eco2.ServiceDefaults.Telemetry;
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
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    // Only the first message of each key, so that its order holds; replicas skip what another one has in hand,
    // and then the later messages of that key are not the first.
    private string Take => $"""
        select id, event_id, component, topic, payload, traceparent,
          exists (select 1 from {service.Schema}.outbox later where later.key = o.key and later.id > o.id)
        from {service.Schema}.outbox o
        where not exists (select 1 from {service.Schema}.outbox earlier where earlier.key = o.key and earlier.id < o.id)
        order by id limit {BatchSize} for update skip locked
        """;

    private sealed record Message(long Id, string Component, string Topic, TracedEvent<JsonElement> Event, bool HasFollower);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await RelayAsync(stoppingToken))
                {
                    // There is more.
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

    /// <summary>Returns whether another round finds something for sure: what is committed meanwhile wakes the relay.</summary>
    private async Task<bool> RelayAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var messages = await TakeAsync(connection, ct);
        if (messages.Count == 0)
        {
            return false;
        }

        var outcomes = await Task.WhenAll(messages.GroupBy(m => (m.Component, m.Topic)).Select(group => PublishAsync(group.Key.Component, group.Key.Topic, [.. group], ct)));
        await using var delete = new NpgsqlCommand($"delete from {service.Schema}.outbox where id = any($1)", connection).With((object)outcomes.SelectMany(o => o.Sent).ToArray());
        // The broker has them: forgetting that because somebody pressed Ctrl-C would send them twice.
        await delete.ExecuteNonQueryAsync(CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
        if (Array.Find(outcomes, o => o.Failure is not null).Failure is { } failure)
        {
            throw failure;
        }

        return messages.Count == BatchSize || messages.Exists(m => m.HasFollower);
    }

    private async Task<List<Message>> TakeAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var take = new NpgsqlCommand(Take, connection);
        await using var row = await take.ExecuteReaderAsync(ct);
        var messages = new List<Message>();
        while (await row.ReadAsync(ct))
        {
            var payload = JsonElement.Parse(row.GetString(4));
            var message = MessageTrace.Wrap(payload, service, row.GetGuid(1), row.IsDBNull(5) ? null : row.GetString(5));
            messages.Add(new Message(row.GetInt64(0), row.GetString(2), row.GetString(3), message, row.GetBoolean(6)));
        }

        return messages;
    }

    private async Task<(IEnumerable<long> Sent, Exception? Failure)> PublishAsync(string component, string topic, List<Message> messages, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(LongestPause);
        try
        {
            var answer = await dapr.BulkPublishEventAsync(component, topic, messages.ConvertAll(m => m.Event), metadata: null, limit.Token);
            var refused = answer.FailedEntries.Select(f => f.Entry.EventData.Id).ToHashSet(StringComparer.Ordinal);
            return (messages.Where(m => !refused.Contains(m.Event.Id)).Select(m => m.Id), answer.FailedEntries is [var first, ..] ? new DaprException(first.ErrorMessage) : null);
        }
        catch (DaprException e)
        {
            return ([], e);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return ([], new TimeoutException($"Publishing to {topic} took too long."));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Messages wait in the outbox, attempt {Attempt}: {Why}")]
    private static partial void Failed(ILogger logger, int attempt, string why);
}
