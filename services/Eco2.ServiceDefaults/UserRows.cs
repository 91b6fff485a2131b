using Npgsql;

namespace Eco2.ServiceDefaults;

/// <summary>Row-level security from the app's side. Policies compare <c>user_id</c> with the setting <c>eco2.user_id</c>; without it a query sees
/// no row of anybody. The setting is local to a transaction, so it never leaks through the pool. In a policy write:
/// <c>using (current_setting('eco2.user_id', true) in (user_id::text, 'all'))</c>.</summary>
public static class UserRows
{
    private const string Set = "select set_config('eco2.user_id', $1, true)";

    // A statement of its own: the next one sees what was committed while this one waited.
    private const string SetAndLock = "select set_config('eco2.user_id', $1, true), pg_advisory_xact_lock(hashtextextended($1, 0))";

    /// <summary>One statement that sees the rows of one user, in one round trip.</summary>
    public static Task<NpgsqlDataReader> QueryForUserAsync(this NpgsqlDataSource db, Guid userId, string sql, object?[] values, CancellationToken ct) =>
        QueryAsync(db, Become(userId), sql, values, ct);

    /// <summary>The same, after whatever others do for this user in this way is committed: what the statement counts still holds when it writes.</summary>
    public static Task<NpgsqlDataReader> QueryInTurnForUserAsync(this NpgsqlDataSource db, Guid userId, string sql, object?[] values, CancellationToken ct) =>
        QueryAsync(db, new NpgsqlBatchCommand(SetAndLock).With(userId.ToString("D")), sql, values, ct);

    /// <summary>One statement that sees everybody's rows, in one round trip: to find out whose a row is.</summary>
    public static Task<NpgsqlDataReader> QueryForAllUsersAsync(this NpgsqlDataSource db, string sql, object?[] values, CancellationToken ct) =>
        QueryAsync(db, BecomeAll(), sql, values, ct);

    private static async Task<NpgsqlDataReader> QueryAsync(NpgsqlDataSource db, NpgsqlBatchCommand become, string sql, object?[] values, CancellationToken ct)
    {
        // A batch without a transaction around it is one transaction. Disposing the reader closes nothing but itself;
        // the batch of a data source returns its connection when the reader is closed.
        var batch = db.CreateBatch();
        batch.BatchCommands.Add(become);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(sql).With(values));
        var reader = await batch.ExecuteReaderAsync(ct);
        try
        {
            await reader.NextResultAsync(ct);
            return reader;
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }

    /// <summary>The first command of a batch whose others see the rows of one user.</summary>
    public static NpgsqlBatchCommand Become(Guid userId) => new NpgsqlBatchCommand(Set).With(userId.ToString("D"));

    /// <summary>The first command of a batch whose others see everybody's rows.</summary>
    public static NpgsqlBatchCommand BecomeAll() => new NpgsqlBatchCommand(Set).With("all");

    /// <summary>A transaction that sees the rows of one user.</summary>
    public static Task<UserTransaction> BeginForUserAsync(this NpgsqlDataSource db, Guid userId, CancellationToken ct) =>
        UserTransaction.BeginAsync(db, userId.ToString("D"), ct);

    /// <summary>A transaction that sees everybody's rows: for messages, never for a request.</summary>
    public static Task<UserTransaction> BeginForAllUsersAsync(this NpgsqlDataSource db, CancellationToken ct) =>
        UserTransaction.BeginAsync(db, "all", ct);

    /// <summary>A connection in a transaction under row-level security. Without a commit everything is undone.</summary>
    public sealed class UserTransaction : IAsyncDisposable
    {
        private readonly NpgsqlTransaction transaction;

        private UserTransaction(NpgsqlConnection connection, NpgsqlTransaction transaction) =>
            (Connection, this.transaction) = (connection, transaction);

        /// <summary>For commands of this transaction.</summary>
        public NpgsqlConnection Connection { get; }

        /// <summary>A command of this transaction with its positional parameters.</summary>
        public NpgsqlCommand Command(string sql, params ReadOnlySpan<object?> values) => new NpgsqlCommand(sql, Connection, transaction).With(values);

        /// <summary>From here on it sees the rows of one user: it has found out who that is.</summary>
        public async Task BecomeAsync(Guid userId, CancellationToken ct)
        {
            await using var set = Command(Set, userId.ToString("D"));
            await set.ExecuteNonQueryAsync(ct);
        }

        /// <summary>Makes it last.</summary>
        public Task CommitAsync(CancellationToken ct) => transaction.CommitAsync(ct);

        /// <summary>Undoes what was not committed and returns the connection.</summary>
        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await Connection.DisposeAsync();
        }

        internal static async Task<UserTransaction> BeginAsync(NpgsqlDataSource db, string who, CancellationToken ct)
        {
            var connection = await db.OpenConnectionAsync(ct);
            try
            {
                var transaction = await connection.BeginTransactionAsync(ct);
                await using var set = new NpgsqlCommand(Set, connection, transaction).With(who);
                await set.ExecuteNonQueryAsync(ct);
                return new UserTransaction(connection, transaction);
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        }
    }
}
