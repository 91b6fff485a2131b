using System.Text.Json;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.My.Privacy;

/// <summary>One step of a request, as people see it.</summary>
/// <param name="Status">waiting, running or succeeded.</param>
/// <param name="Removed">What a deletion took out, by kind of thing.</param>
internal sealed record RequestStep(string Name, string Status, IReadOnlyDictionary<string, long>? Removed);

/// <summary>The steps of exports and deletions.</summary>
internal static class RequestRows
{
    public const string InsertSteps = "insert into privacy_steps (request_id, position, name) select $1, n, name from unnest($2::text[]) with ordinality as s (name, n)";

    private const string Select = "select name, status, removed::text from privacy_steps where request_id = $1 order by position";

    public static async Task<IReadOnlyList<RequestStep>> ReadAsync(UserRows.UserTransaction work, Guid requestId, CancellationToken ct)
    {
        await using var select = work.Command(Select, requestId);
        await using var row = await select.ExecuteReaderAsync(ct);
        var steps = new List<RequestStep>();
        while (await row.ReadAsync(ct))
        {
            steps.Add(new RequestStep(row.GetString(0), row.GetString(1), row.IsDBNull(2) ? null : JsonSerializer.Deserialize<Dictionary<string, long>>(row.GetString(2))));
        }

        return steps;
    }

    /// <summary>0 to 100: steps that are done.</summary>
    public static int Progress(IReadOnlyList<RequestStep> steps) =>
        steps.Count == 0 ? 0 : steps.Count(s => s.Status == "succeeded") * 100 / steps.Count;

    /// <summary>A fact for the audit log, in the transaction of the fact.</summary>
    public static NpgsqlBatchCommand Audit(Outbox outbox, Guid eventId, string kind, Guid userId, Guid requestId, DateTimeOffset at) =>
        outbox.Entry(Contracts.Jobs.Messaging.PubSub, Contracts.Privacy.AuditTold.Topic, userId.ToString("D"), new Contracts.Privacy.AuditTold(eventId, kind, userId, requestId.ToString("D"), null, at));
}
