using Eco2.Auth.Auditing;
using Eco2.Auth.Sessions;
using Eco2.Contracts.Auth;
using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Auth.ApiKeys;

/// <summary>Ends every key of a user, in the caller's transaction.</summary>
internal sealed class RevokeKeysOf(Outbox outbox, EndSession end)
{
    private const string Revoke = "update api_keys set revoked_at = $2 where user_id = $1 and revoked_at is null returning id";

    public async Task UserAsync(NpgsqlConnection connection, Guid userId, Caller caller, DateTimeOffset now, CancellationToken ct)
    {
        var revoked = new List<Guid>();
        await using (var batch = connection.CreateBatch())
        {
            batch.BatchCommands.Add(UserRows.Become(userId));
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Revoke).With(userId, now));
            await using var row = await batch.ExecuteReaderAsync(ct);
            await row.NextResultAsync(ct);
            while (await row.ReadAsync(ct))
            {
                revoked.Add(row.GetGuid(0));
            }
        }

        if (revoked.Count == 0)
        {
            return;
        }

        await using var told = connection.CreateBatch();
        foreach (var id in revoked)
        {
            told.BatchCommands.Add(outbox.Entry(JobFanout.PubSub, SessionRevoked.Topic, id.ToString("D"), new SessionRevoked(id, userId, now, end.ForgetAfter(now))));
            told.BatchCommands.Add(Audit.KeyRevoked(userId, id, caller, now));
        }

        await told.ExecuteNonQueryAsync(ct);
    }
}
