using System.Threading.Channels;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Postgres;
using Npgsql;

namespace EmbeddedSidecar.State.Postgres;

/// <summary>Writes for all who use one table: what comes while a group of transactions is being committed is the next group.</summary>
/// <remarks>
/// 1. A group is one batch, one transaction on the server and one write to disk. 2. A transaction whose condition does not hold fails the
/// batch; it is told so, and the others go again without it. 3. A write alone needs no such failure: it changed a row, or it did not.
/// 4. When the connection breaks, all of the group fail, and may have been stored.
/// </remarks>
internal sealed class PostgresWriter : IAsyncDisposable
{
    private const int MostAtOnce = 128;
    private static readonly TimeSpan _idle = TimeSpan.FromSeconds(1);

    private readonly Channel<Pending> _waiting = Channel.CreateUnbounded<Pending>(new UnboundedChannelOptions { SingleReader = true });
    private readonly NpgsqlDataSource _database;
    private readonly PostgresSql _sql;
    private readonly TimeProvider _clock;
    private readonly Task _loop;
    private NpgsqlConnection? _connection;
    private long _usedAt;

    public PostgresWriter(NpgsqlDataSource database, PostgresSql sql, TimeProvider clock)
    {
        (_database, _sql, _clock) = (database, sql, clock);
        _loop = RunAsync();
    }

    /// <summary>Returns when all of it is stored. A write that has begun is not cut off.</summary>
    /// <exception cref="StateConflictException">Nothing is stored: a condition did not hold.</exception>
    /// <exception cref="BackendException">The server said no, or is away; then it may have been stored.</exception>
    public Task WriteAsync(IReadOnlyList<PostgresWrite> writes, CancellationToken ct)
    {
        var pending = new Pending(writes);
        return _waiting.Writer.TryWrite(pending) ? pending.Done.Task.WaitAsync(ct) : throw new BackendException("PostgreSQL: the component is closed");
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _loop;
        await CloseAsync();
    }

    private async Task RunAsync()
    {
        while (await _waiting.Reader.WaitToReadAsync())
        {
            var group = new List<Pending>();
            while (group.Count < MostAtOnce && _waiting.Reader.TryRead(out var one))
            {
                group.Add(one);
            }

            while (group.Count > 0)
            {
                group = await CommitAsync(group);
            }
        }
    }

    // Returns those that have to go again.
    private async Task<List<Pending>> CommitAsync(List<Pending> group)
    {
        try
        {
            await using var batch = new NpgsqlBatch(await ConnectionAsync());
            foreach (var one in group)
            {
                one.Commands = [.. Commands(one.Writes)];
                one.Commands.ForEach(batch.BatchCommands.Add);
            }

            await batch.ExecuteNonQueryAsync();
            _usedAt = _clock.GetTimestamp();
            group.ForEach(Finish);
            return [];
        }
        catch (PostgresException refused) when (!PostgresServers.IsAway(refused))
        {
            // Two processes that want the same keys in another order: the server has undone this side.
            if (refused.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure && group.TrueForAll(one => ++one.Attempts < 5))
            {
                return group;
            }

            var guilty = group.Find(one => refused.BatchCommand is NpgsqlBatchCommand command && one.Commands.Contains(command));
            foreach (var one in guilty is null ? group : [guilty])
            {
                one.Done.TrySetException(Why(refused, one));
            }

            return guilty is null ? [] : [.. group.Where(one => one != guilty)];
        }
        catch (Exception away) when (PostgresServers.IsFailure(away))
        {
            await CloseAsync();
            _database.Clear();
            group.ForEach(one => one.Done.TrySetException(PostgresServers.Failed(away)));
            return [];
        }
#pragma warning disable CA1031 // Whoever waits must hear of it, whatever it is; and the others must go on.
        catch (Exception unexpected)
#pragma warning restore CA1031
        {
            await CloseAsync();
            group.ForEach(one => one.Done.TrySetException(unexpected));
            return [];
        }
    }

    private IEnumerable<NpgsqlBatchCommand> Commands(IReadOnlyList<PostgresWrite> writes)
    {
        if (writes is [{ IsConditional: true } alone])
        {
            return [_sql.WriteIf(alone, orFail: false)];
        }

        var last = new Dictionary<string, PostgresWrite>(StringComparer.Ordinal);
        foreach (var write in writes.Where(write => !write.IsConditional))
        {
            last[write.Operation.Key] = write;
        }

        // One after the other only where the order matters.
        return writes.Any(write => write.IsConditional && last.ContainsKey(write.Operation.Key))
            ? writes.SelectMany(write => write.IsConditional ? [_sql.WriteIf(write, orFail: true)] : _sql.Write([write]))
            : writes.Where(write => write.IsConditional).Select(write => _sql.WriteIf(write, orFail: true)).Concat(_sql.Write(last.Values));
    }

    private static void Finish(Pending one)
    {
        if (one.Writes is [{ IsConditional: true } alone] && one.Commands[0].RecordsAffected == 0)
        {
            one.Done.TrySetException(alone.Conflict());
        }
        else
        {
            one.Done.TrySetResult();
        }
    }

    private static Exception Why(PostgresException refused, Pending one) =>
        refused.SqlState == PostgresErrorCodes.DivisionByZero && one.Writes.FirstOrDefault(write => write.IsConditional) is { } conditional
            ? conditional.Conflict()
            : PostgresServers.Failed(refused);

    // A connection that nobody used for a while may have been lost without a word; nothing is at stake yet.
    private async Task<NpgsqlConnection> ConnectionAsync()
    {
        if (_connection is { } open && _clock.GetElapsedTime(_usedAt) > _idle)
        {
            try
            {
                await using var ask = new NpgsqlCommand("select 1", open);
                await ask.ExecuteNonQueryAsync();
            }
            catch (Exception lost) when (PostgresServers.IsFailure(lost))
            {
                await CloseAsync();
                _database.Clear();
            }
        }

        _usedAt = _clock.GetTimestamp();
        return _connection ??= await _database.OpenConnectionAsync();
    }

    private async ValueTask CloseAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync();
        }
    }

    private sealed record Pending(IReadOnlyList<PostgresWrite> Writes)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<NpgsqlBatchCommand> Commands { get; set; } = [];

        public int Attempts { get; set; }
    }
}
