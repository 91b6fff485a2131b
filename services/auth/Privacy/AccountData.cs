using Eco2.Auth.Auditing;
using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Auth.Privacy;

/// <summary>What this app knows of a user. The account comes last: until then the deletion can be told to whom it belongs.</summary>
internal static class AccountData
{
    public static void Add(WebApplicationBuilder builder) => builder.AddEco2UserData(
        new UserTable("sessions", "id", "account_id") { BeforeErase = RememberEndAsync },
        new UserTable("api_keys", "id") { Secret = ["hash"] },
        new UserTable("idempotent_answers", "key") { IsExported = false },
        new UserTable("known_addresses", "address", "account_id"),
        new UserTable("social_accounts", "id", "account_id"),
        new UserTable("audit", "id") { Secret = ["salt", "traces_hash", "hash"], IsErased = false },
        new UserTable("ended_sessions", "id", "account_id") { IsExported = false, IsErased = false },
        new UserTable("accounts", "id", "id") { Secret = ["password_hash", "totp_secret", "totp_pending", "totp_last_step", "backup_salt", "backup_rounds"], BeforeErase = TellAsync });

    /// <summary>Everything of this folder, and the audit.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapUserData(closes: false);
        CloseAccount.Map(routes);
        SweepTraces.Map(routes);
        ListAudit.Map(routes);
        OnAuditTold.Map(routes);
    }

    // In the transaction that takes the sessions out: they are known to have ended, or they are there.
    private static async Task RememberEndAsync(IServiceProvider services, UserRows.UserTransaction work, Guid userId, IReadOnlyList<string> sessions, CancellationToken ct)
    {
        await using var remember = work.Command(
            """
            insert into ended_sessions (id, account_id, revoked_at)
            select id, account_id, coalesce(revoked_at, $3) from sessions
            where account_id = $1 and id = any($2::uuid[]) and (revoked_at is null or revoked_at > $3 - interval '1 day') on conflict (id) do nothing
            """,
            userId,
            sessions.Select(Guid.Parse).ToArray(),
            services.GetRequiredService<TimeProvider>().GetUtcNow());
        await remember.ExecuteNonQueryAsync(ct);
    }

    // In the transaction that takes the account out: neither is there without the other.
    private static async Task TellAsync(IServiceProvider services, UserRows.UserTransaction work, Guid userId, IReadOnlyList<string> keys, CancellationToken ct)
    {
        _ = keys;
        await using var batch = work.Connection.CreateBatch();
        // Guesses at this account from anywhere; those from one address have hashes that nobody can find and go by age.
        batch.BatchCommands.Add(new NpgsqlBatchCommand("delete from sign_in_attempts where key = (select sha256(convert_to(email, 'UTF8')) from accounts where id = $1)").With(userId));
        // An account is erased once, so its id does for the entry.
        batch.BatchCommands.Add(Audit.Privacy(userId, "account_erased", userId, userId, new Caller(null, null), services.GetRequiredService<TimeProvider>().GetUtcNow()));
        await batch.ExecuteNonQueryAsync(ct);
    }
}
