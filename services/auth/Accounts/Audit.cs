using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Auth.Accounts;

/// <summary>Who signed in or tried to; rows are only ever added.</summary>
internal static class Audit
{
    private const string Insert =
        "insert into login_audit (account_id, provider, session_id, outcome, address, user_agent, at) values ($1, $2, $3, $4, $5, $6, $7)";

    public static NpgsqlBatchCommand SignedIn(Guid accountId, string provider, Guid sessionId, Caller caller, DateTimeOffset at) =>
        new NpgsqlBatchCommand(Insert).With(accountId, provider, sessionId, "signed_in", caller.Address, caller.UserAgent, at);

    public static async Task RefusedAsync(NpgsqlDataSource db, Guid? accountId, Caller caller, DateTimeOffset at, CancellationToken ct)
    {
        await using var insert = db.CreateCommand(Insert).With(accountId, "password", null, "refused", caller.Address, caller.UserAgent, at);
        await insert.ExecuteNonQueryAsync(ct);
    }
}
