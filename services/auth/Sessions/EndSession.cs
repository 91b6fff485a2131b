using Eco2.Auth.Auditing;
using Eco2.Contracts.Auth;
using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Auth.Sessions;

/// <summary>Ends sessions for good and tells every gateway, in the caller's transaction.</summary>
internal sealed class EndSession(Outbox outbox, IOptions<AuthOptions> options)
{
    private const string ById = "update sessions set revoked_at = $2, revoked_for = $3 where id = $1 and revoked_at is null returning id, account_id";
    private const string OfUser = "update sessions set revoked_at = $2, revoked_for = $3 where account_id = $1 and revoked_at is null returning id, account_id";

    private const string Others = "update sessions set revoked_at = $2, revoked_for = $3 where account_id = $1 and id <> $4 and revoked_at is null returning id, account_id";

    /// <summary>The clocks of two machines may differ by this much.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);

    /// <summary>After this nobody needs to know about a session revoked at <paramref name="revokedAt"/>: its last token has expired.</summary>
    public DateTimeOffset ForgetAfter(DateTimeOffset revokedAt) => revokedAt + options.Value.AccessLifetime + Skew;

    public Task ByIdAsync(NpgsqlConnection connection, Guid sessionId, string why, DateTimeOffset now, CancellationToken ct) =>
        EndAsync(connection, ById, sessionId, why, now, ct);

    public Task AllOfUserAsync(NpgsqlConnection connection, Guid userId, string why, DateTimeOffset now, CancellationToken ct) =>
        EndAsync(connection, OfUser, userId, why, now, ct);

    public Task OthersOfUserAsync(NpgsqlConnection connection, Guid userId, Guid except, string why, DateTimeOffset now, CancellationToken ct) =>
        EndAsync(connection, Others, userId, why, now, ct, except);

    /// <summary>After the commit.</summary>
    public void Published() => outbox.Wake();

    private async Task EndAsync(NpgsqlConnection connection, string sql, Guid key, string why, DateTimeOffset now, CancellationToken ct, params object?[] more)
    {
        var ended = new List<SessionRevoked>();
        await using (var update = new NpgsqlCommand(sql, connection).With([key, now, why, .. more]))
        await using (var reader = await update.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                ended.Add(new SessionRevoked(reader.GetGuid(0), reader.GetGuid(1), now, ForgetAfter(now)));
            }
        }

        await using var told = connection.CreateBatch();
        foreach (var session in ended)
        {
            told.BatchCommands.Add(outbox.Entry(JobFanout.PubSub, SessionRevoked.Topic, session.SessionId.ToString("D"), session));
            told.BatchCommands.Add(Audit.SignedOut(session.UserId, session.SessionId, why, now));
        }

        if (ended.Count > 0)
        {
            await told.ExecuteNonQueryAsync(ct);
        }
    }
}
