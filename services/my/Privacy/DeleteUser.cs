using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.Privacy;

/// <summary>Deletes the caller everywhere: what is asked is written down first, then the account is locked, and a workflow does the rest. The answer
/// holds the one key to its receipt. Asking again gives the same receipt.</summary>
internal sealed partial class DeleteUser
{
    public sealed record Answer(Guid Id, string ReceiptUrl);

    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(5);

    private const string Insert =
        "insert into deletions (id, receipt_hash, receipt, user_id, requested_at) values ($1, $2, $3, $4, $5) on conflict (user_id) do nothing";

    private const string Known = "select id, receipt from deletions where user_id = $1";

    public static byte[] Hash(string receipt) => SHA256.HashData(Encoding.ASCII.GetBytes(receipt));

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapDelete("/", Handle).WithName(nameof(DeleteUser)).WithSummary("Deletes the caller's account and everything about it.");

    private static async Task<Accepted<Answer>> Handle(
        CurrentUser user, NpgsqlDataSource db, Accounts accounts, Outbox outbox, TimeProvider clock, ILogger<DeleteUser> logger, CancellationToken ct)
    {
        var (id, receipt) = await WriteDownAsync(user.Id, db, outbox, clock.GetUtcNow(), ct);
        outbox.Wake();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(LockLimit);
        try
        {
            await accounts.LockAsync(user.Id, limit.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            // Asked for is asked for: the first step of the workflow locks until it is done.
            LockedLater(logger, id, e.Message);
        }

        var url = $"/api/v1/users/deletions/{receipt}";
        return TypedResults.Accepted(url, new Answer(id, url));
    }

    private static async Task<(Guid Id, string Receipt)> WriteDownAsync(Guid userId, NpgsqlDataSource db, Outbox outbox, DateTimeOffset now, CancellationToken ct)
    {
        var (id, receipt) = (Guid.CreateVersion7(now), Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));
        await using var work = await db.BeginForUserAsync(userId, ct);
        await using (var insert = work.Command(Insert, id, Hash(receipt), receipt, userId, now))
        {
            if (await insert.ExecuteNonQueryAsync(ct) == 0)
            {
                await using var known = work.Command(Known, userId);
                await using var row = await known.ExecuteReaderAsync(ct);
                await row.ReadAsync(ct);
                return (row.GetGuid(0), row.GetString(1));
            }
        }

        await using (var rest = work.Connection.CreateBatch())
        {
            rest.BatchCommands.Add(new NpgsqlBatchCommand(RequestRows.InsertSteps).With(id, PrivacySteps.Deletion.ToArray()));
            rest.BatchCommands.Add(outbox.Entry(Messaging.PubSub, PrivacyRequested.Topic, id.ToString("D"), new PrivacyRequested(id, userId, "deletion", now)));
            rest.BatchCommands.Add(RequestRows.Audit(outbox, id, "deletion_requested", userId, id, now));
            await rest.ExecuteNonQueryAsync(ct);
        }

        await work.CommitAsync(ct);
        return (id, receipt);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Deletion {Id}: the account is locked by the workflow, not at once: {Why}")]
    private static partial void LockedLater(ILogger logger, Guid id, string why);
}
