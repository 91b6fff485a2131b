using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Eco2.ServiceDefaults;

/// <summary>Messages that belong to a fact: written in the fact's transaction, published after it, retried for ever.
/// Messages with one key arrive in the order of their rows; a message may arrive twice with the same cloud event id.</summary>
public sealed class Outbox(WireJson json, TimeProvider clock)
{
    // One slot: several wishes to be woken are one.
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(1);

    /// <summary>The columns of a message, in the order of <see cref="Row"/>: for a statement that writes fact and message together.</summary>
    public const string Columns = "event_id, component, topic, key, payload, traceparent";

    /// <summary>The values of a message.</summary>
    /// <param name="component">The pub/sub component.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="key">Messages with the same key keep their order; use the id of the thing that changed.</param>
    /// <param name="message">The contract.</param>
    public object?[] Row<T>(string component, string topic, string key, T message) =>
    [
        Guid.CreateVersion7(clock.GetUtcNow()),
        component,
        topic,
        key,
        JsonSerializer.Serialize(message, json.Options),
        Activity.Current?.Id,
    ];

    /// <summary>A row for a batch that is one transaction with the fact.</summary>
    public NpgsqlBatchCommand Entry<T>(string component, string topic, string key, T message) =>
        new NpgsqlBatchCommand($"insert into outbox ({Columns}) values ($1, $2, $3, $4, $5, $6)").With(Row(component, topic, key, message));

    /// <summary>Adds a row within the transaction that is open on <paramref name="connection"/>.</summary>
    public async Task AddAsync<T>(NpgsqlConnection connection, string component, string topic, string key, T message, CancellationToken ct)
    {
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(Entry(component, topic, key, message));
        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Call it after the commit, so that the relay publishes at once and not at its next round.</summary>
    public void Wake() => wake.Writer.TryWrite(true);

    /// <summary>Returns when somebody wakes the relay, or after <paramref name="atMost"/>.</summary>
    internal async Task WokenAsync(TimeSpan atMost, TimeProvider time, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            await wake.Reader.WaitToReadAsync(either.Token);
            wake.Reader.TryRead(out _);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // Time for a look without being asked.
        }
    }
}

/// <summary>Switches the outbox on.</summary>
public static class OutboxDefaults
{
    /// <summary>Adds the outbox table to the service's schema and the relay that empties it. Call it after <c>AddEco2Database</c>, so that the table is there first.</summary>
    public static WebApplicationBuilder AddEco2Outbox(this WebApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton<Outbox>();
        builder.Services.AddHostedService<OutboxRelay>();
        builder.Services.AddSingleton(new SharedMigration(
            -1,
            "outbox",
            """
            create table outbox (
              id bigint generated always as identity primary key,
              event_id uuid not null unique,
              component text not null,
              topic text not null,
              key text not null,
              payload text not null,
              traceparent text,
              created_at timestamptz not null default now());
            create index outbox_key on outbox (key, id);
            """));
        return builder;
    }
}
