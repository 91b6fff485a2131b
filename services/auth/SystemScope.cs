using System.Diagnostics;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Auth;

/// <summary>Why this app must see the rows of everybody for a moment. Wherever it knows who somebody is, it sees theirs alone.</summary>
internal enum SystemScope
{
    /// <summary>An address, a provider's id or a challenge says who wants to sign in.</summary>
    SignIn,

    /// <summary>A token says which session it belongs to.</summary>
    Session,

    /// <summary>A key says whose it is.</summary>
    ApiKey,

    /// <summary>A mailed link says whose account it opens.</summary>
    OneTimeLink,

    /// <summary>Mails of everybody leave, and some are asked for by address alone.</summary>
    Mail,

    /// <summary>Admins read the audit of everybody.</summary>
    Audit,

    /// <summary>Gateways learn of all that has ended.</summary>
    Revocations,

    /// <summary>The key changed, so secrets of everybody are encrypted anew.</summary>
    Reencryption,

    /// <summary>What is old goes, whoever it belonged to.</summary>
    Sweep,
}

/// <summary>The only ways in which this app sees everybody's rows; <c>SystemScopeTests</c> knows who uses them.</summary>
internal static class SystemRows
{
    /// <summary>A transaction.</summary>
    public static Task<UserRows.UserTransaction> BeginForSystemAsync(this NpgsqlDataSource db, SystemScope scope, CancellationToken ct)
    {
        Note(scope);
        return db.BeginForAllUsersAsync(ct);
    }

    /// <summary>One statement.</summary>
    public static Task<NpgsqlDataReader> QueryForSystemAsync(this NpgsqlDataSource db, SystemScope scope, string sql, object?[] values, CancellationToken ct)
    {
        Note(scope);
        return db.QueryForAllUsersAsync(sql, values, ct);
    }

    /// <summary>Some statements that answer nothing.</summary>
    /// <returns>Rows that were changed.</returns>
    public static async Task<int> ExecuteForSystemAsync(this NpgsqlDataSource db, SystemScope scope, CancellationToken ct, params NpgsqlBatchCommand[] commands)
    {
        Note(scope);
        await using var batch = db.CreateBatch();
        batch.BatchCommands.Add(UserRows.BecomeAll());
        foreach (var command in commands)
        {
            batch.BatchCommands.Add(command);
        }

        await batch.ExecuteNonQueryAsync(ct);
        return commands.Sum(command => command.RecordsAffected);
    }

    private static void Note(SystemScope scope) => Activity.Current?.AddTag("eco2.db.scope", scope.ToString());
}
