using System.Text.Json;
using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Auth.Auditing;

/// <summary>What is told for good. Each method makes a command for the batch or transaction of the fact, so that neither is there without the
/// other. Nothing of a person goes in but ids, and the caller's address and user agent, which are forgotten later.</summary>
internal static class Audit
{
    // No conflict target: with one, PostgreSQL would want the row to be visible to whoever adds it.
    private const string Insert =
        "insert into audit (id, kind, at, actor_id, user_id, details, address, user_agent) values ($1, $2, $3, $4, $5, $6::json, $7, $8) on conflict do nothing";

    private const string InsertOnce =
        """
        with first as (insert into audit_once (name, at) values ($9, $3) on conflict do nothing returning 1)
        insert into audit (id, kind, at, actor_id, user_id, details, address, user_agent) select $1, $2, $3, $4, $5, $6::json, $7, $8 from first
        """;

    private static readonly Caller Nobody = new(null, null);

    public static NpgsqlBatchCommand SignedIn(Guid userId, string provider, Guid sessionId, Caller caller, DateTimeOffset at) =>
        Of("signed_in", userId, userId, caller, at, ("provider", provider), ("session_id", Id(sessionId)));

    /// <param name="userId">Null when there is no such account.</param>
    /// <param name="provider">password, totp, backup_code, google …</param>
    public static NpgsqlBatchCommand SignInRefused(Guid? userId, string provider, Caller caller, DateTimeOffset at) =>
        Of("sign_in_refused", null, userId, caller, at, ("provider", provider));

    /// <summary>Too many wrong tries: not even looked at. Told once for each time that the counter is blocked.</summary>
    /// <param name="userId">Null when there is no such account.</param>
    /// <param name="proof">password or second_factor.</param>
    /// <param name="counter">The counter's key, a hash.</param>
    /// <param name="until">When the next try counts.</param>
    public static NpgsqlBatchCommand LockedOut(Guid? userId, string proof, byte[] counter, DateTimeOffset until, Caller caller, DateTimeOffset at) =>
        new NpgsqlBatchCommand(InsertOnce).With(
            [.. Row(Guid.CreateVersion7(at), "locked_out", null, userId, caller, at, [("proof", proof)]), $"locked {Convert.ToHexStringLower(counter)} {until.UtcDateTime:O}"]);

    /// <summary>Somebody who is signed in was asked to show who they are once more, and did not.</summary>
    /// <param name="proof">password or second_factor.</param>
    public static NpgsqlBatchCommand ProofRefused(Guid userId, string proof, Caller caller, DateTimeOffset at) =>
        Of("proof_refused", null, userId, caller, at, ("proof", proof));

    /// <summary>A session ended before its time; EndSession tells it for everybody who ends one.</summary>
    /// <param name="why">A fixed text of the program, never one from outside.</param>
    public static NpgsqlBatchCommand SignedOut(Guid userId, Guid sessionId, string why, DateTimeOffset at) =>
        Of("signed_out", null, userId, Nobody, at, ("session_id", Id(sessionId)), ("why", why));

    /// <param name="how">changed, or reset by a mail.</param>
    public static NpgsqlBatchCommand PasswordChanged(Guid userId, string how, Caller caller, DateTimeOffset at) =>
        Of("password_changed", userId, userId, caller, at, ("how", how));

    public static NpgsqlBatchCommand EmailVerified(Guid userId, Caller caller, DateTimeOffset at) => Of("email_verified", userId, userId, caller, at);

    /// <param name="change">on, off, or backup_codes for new ones.</param>
    public static NpgsqlBatchCommand SecondFactorChanged(Guid userId, string change, Caller caller, DateTimeOffset at) =>
        Of("second_factor_changed", userId, userId, caller, at, ("change", change));

    public static NpgsqlBatchCommand ProviderLinked(Guid userId, string provider, Caller caller, DateTimeOffset at) =>
        Of("provider_linked", userId, userId, caller, at, ("provider", provider));

    public static NpgsqlBatchCommand ProviderUnlinked(Guid userId, string provider, Caller caller, DateTimeOffset at) =>
        Of("provider_unlinked", userId, userId, caller, at, ("provider", provider));

    public static NpgsqlBatchCommand KeyMade(Guid userId, Guid keyId, IEnumerable<string> scopes, Caller caller, DateTimeOffset at) =>
        Of("key_made", userId, userId, caller, at, ("key_id", Id(keyId)), ("scopes", string.Join(' ', scopes)));

    public static NpgsqlBatchCommand KeyRevoked(Guid userId, Guid keyId, Caller caller, DateTimeOffset at) =>
        Of("key_revoked", userId, userId, caller, at, ("key_id", Id(keyId)));

    /// <summary>Tells the first use of a key on a UTC day from an address, however often it is called.</summary>
    public static NpgsqlBatchCommand KeyUsed(Guid userId, Guid keyId, Caller caller, DateTimeOffset at) =>
        new NpgsqlBatchCommand(InsertOnce).With([.. Row(Guid.CreateVersion7(at), "key_used", userId, userId, caller, at, [("key_id", Id(keyId))]), $"key {keyId:N} {at.UtcDateTime:yyyy-MM-dd} {caller.Address}"]);

    /// <summary>Keys that sign tokens were changed by an admin.</summary>
    public static NpgsqlBatchCommand SigningKeyRotated(Guid adminId, string kid, Caller caller, DateTimeOffset at) => Of("signing_key_rotated", adminId, null, caller, at, ("kid", kid));

    /// <summary>An admin did something in another app.</summary>
    /// <param name="eventId">One and the same each time this fact is told: told twice, it is one entry.</param>
    /// <param name="action">Such as dead_letter_replayed.</param>
    /// <param name="subject">Id of what it was done to.</param>
    public static NpgsqlBatchCommand AdminActed(Guid eventId, Guid adminId, string action, string subject, DateTimeOffset at) =>
        new NpgsqlBatchCommand(Insert).With(Row(eventId, "admin_acted", adminId, null, Nobody, at, [("action", action), ("subject", subject)]));

    /// <summary>A step of an export or a deletion, told once however often the step runs.</summary>
    /// <param name="eventId">Made from the request and the step.</param>
    /// <param name="kind">export_requested, export_fetched, deletion_requested, account_erased.</param>
    public static NpgsqlBatchCommand Privacy(Guid eventId, string kind, Guid userId, Guid requestId, Caller caller, DateTimeOffset at) =>
        new NpgsqlBatchCommand(Insert).With(Row(eventId, kind, userId, userId, caller, at, [("request_id", Id(requestId))]));

    /// <summary>Adds an entry for something that changes nothing else, such as a refusal.</summary>
    public static async Task AddAsync(NpgsqlDataSource db, NpgsqlBatchCommand entry, CancellationToken ct)
    {
        await using var batch = db.CreateBatch();
        batch.BatchCommands.Add(entry);
        await batch.ExecuteNonQueryAsync(ct);
    }

    private static NpgsqlBatchCommand Of(
        string kind, Guid? actorId, Guid? userId, Caller caller, DateTimeOffset at, params ReadOnlySpan<(string Name, string Value)> details) =>
        new NpgsqlBatchCommand(Insert).With(Row(Guid.CreateVersion7(at), kind, actorId, userId, caller, at, details));

    private static object?[] Row(Guid id, string kind, Guid? actorId, Guid? userId, Caller caller, DateTimeOffset at, ReadOnlySpan<(string Name, string Value)> details)
    {
        var members = new Dictionary<string, string>();
        foreach (var (name, value) in details)
        {
            members.Add(name, value);
        }

        return [id, kind, at, actorId, userId, members.Count == 0 ? null : JsonSerializer.Serialize(members), caller.Address, caller.UserAgent];
    }

    private static string Id(Guid id) => id.ToString("D");
}
