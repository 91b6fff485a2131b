using System.Runtime.CompilerServices;
using System.Text.Json;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Postgres;
using Npgsql;

namespace EmbeddedSidecar.State.Postgres;

/// <summary>state.postgresql, version v2: Dapr's own tables, so that both can use one database.</summary>
internal sealed class PostgresStateStore : IStateStore
{
    private readonly PostgresOptions _options;
    private readonly PostgresSql _sql;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly NpgsqlDataSource _database;
    private readonly PostgresWriter _writer;
    private PostgresCleanup? _cleanup;

    public PostgresStateStore(ComponentContext context)
    {
        _options = PostgresOptions.From(context.Metadata, context.App.Settings.FullPath);
        _sql = new PostgresSql(_options.Table);
        _clock = context.Services.Clock;
        _log = context.Services.Logs.CreateLogger<PostgresStateStore>();
        _database = context.Services.Postgres.Database(_options.ConnectionString);
        _writer = context.Services.Postgres.Writer(_options.ConnectionString, _options.Table, _clock);
    }

    public IReadOnlyList<string> Capabilities { get; } = ["ETAG", "TRANSACTIONAL", "TTL", "ACTOR", "KEYS_LIKE"];

    public async Task OpenAsync(CancellationToken ct)
    {
        try
        {
            await PostgresTables.CreateAsync(_database, _options, ct);
        }
        catch (Exception failed) when (PostgresServers.IsFailure(failed))
        {
            throw PostgresServers.Failed(failed);
        }

        _cleanup = _options.CleanupInterval is { } interval ? new PostgresCleanup(_database, _options, interval, _clock, _log) : null;
    }

    public ValueTask DisposeAsync() => _cleanup?.DisposeAsync() ?? ValueTask.CompletedTask;

    public async ValueTask<StateValue?> GetAsync(string key, CancellationToken ct) => (await BulkGetAsync([key], ct))[0];

    public async ValueTask<StateValue?[]> BulkGetAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var found = new Dictionary<string, StateValue>(StringComparer.Ordinal);
                await using var command = _database.CreateCommand(_sql.Read);
                command.Parameters.Add(new() { Value = keys as string[] ?? [.. keys] });
                await using var rows = await command.ExecuteReaderAsync(ct);
                while (await rows.ReadAsync(ct))
                {
                    found[rows.GetString(0)] = new StateValue(
                        rows.GetFieldValue<byte[]>(1),
                        rows.GetGuid(2).ToString(),
                        await rows.IsDBNullAsync(3, ct) ? null : rows.GetFieldValue<DateTimeOffset>(3));
                }

                return [.. keys.Select(key => found.GetValueOrDefault(key))];
            }
            catch (Exception failed) when (PostgresServers.IsFailure(failed))
            {
                // A read can be tried again: the connections of the pool may all have been lost with the last server.
                if (attempt > 1 || !PostgresServers.IsAway(failed))
                {
                    throw PostgresServers.Failed(failed);
                }

                _database.Clear();
            }
        }
    }

    public async ValueTask ApplyAsync(StateOperation operation, CancellationToken ct) =>
        await _writer.WriteAsync([PostgresWrite.Of(operation, _clock)], ct).WaitAsync(_options.Timeout, _clock, ct);

    // Here all or nothing is the only way there is.
    public async ValueTask<string?> TransactAsync(IReadOnlyList<StateOperation> operations, bool allOrNothing, CancellationToken ct)
    {
        var writes = operations.Select(operation => PostgresWrite.Of(operation, _clock)).ToList();
        await _writer.WriteAsync(writes, ct).WaitAsync(_options.Timeout, _clock, ct);
        return allOrNothing && !operations[0].IsDelete ? writes[0].ETag.ToString() : null;
    }

    public async IAsyncEnumerable<string> KeysAsync(string prefix, string suffix, [EnumeratorCancellation] CancellationToken ct)
    {
        var (after, page) = (0L, new List<string>());
        do
        {
            page.Clear();
            try
            {
                await using var command = _database.CreateCommand(_sql.Keys);
                command.Parameters.Add(new() { Value = $"{Escape(prefix)}%{Escape(suffix)}" });
                command.Parameters.Add(new() { Value = after });
                await using var rows = await command.ExecuteReaderAsync(ct);
                while (await rows.ReadAsync(ct))
                {
                    page.Add(rows.GetString(0));
                    after = rows.GetInt64(1);
                }
            }
            catch (Exception failed) when (PostgresServers.IsFailure(failed))
            {
                throw PostgresServers.Failed(failed);
            }

            foreach (var key in page)
            {
                yield return key;
            }
        }
        while (page.Count > 0);
    }

    public byte[] Encode(JsonElement value) => value.Rewritten();

    private static string Escape(string literal) =>
        literal.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
}
