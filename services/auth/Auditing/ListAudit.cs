using System.Globalization;
using System.Text.Json;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace Eco2.Auth.Auditing;

/// <summary>The audit for admins, newest first. The cursor is the place of the last entry of the page before.</summary>
internal sealed class ListAudit
{
    public sealed record Entry(
        long Seq, Guid Id, string Kind, DateTimeOffset At, Guid? ActorId, Guid? UserId, JsonElement? Details, string? Address, string? UserAgent, string Hash);

    public sealed record Page(IReadOnlyList<Entry> Entries, string? NextCursor);

    private const int DefaultLimit = 50, MaxLimit = 200;

    private const string Select =
        """
        select seq, id, kind, at, actor_id, user_id, details::text, address, user_agent, encode(hash, 'hex') from audit
        where seq < $1 and ($2::uuid is null or user_id = $2 or actor_id = $2) and ($3::text is null or kind = $3) order by seq desc limit $4
        """;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/audit", Handle).WithName("ListAudit").WithSummary("The audit log, newest first; for admins.");

    private static async Task<Results<Ok<Page>, ProblemHttpResult>> Handle(
        CurrentUser user,
        NpgsqlDataSource db,
        CancellationToken ct,
        [FromQuery(Name = "user_id")] Guid? userId = null,
        string? kind = null,
        string? limit = null,
        string? cursor = null)
    {
        if (!user.Roles.Contains("admin", StringComparer.Ordinal))
        {
            return Problems.Forbidden();
        }

        var size = DefaultLimit;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size is < 1 or > MaxLimit))
        {
            return Problem.Validation("auth", "limit", $"It is a number from 1 to {MaxLimit}.");
        }

        var before = long.MaxValue;
        if (cursor is not null && !long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out before))
        {
            return Problem.Validation("auth", "cursor", "It is not one that was given out.");
        }

        if (kind is { Length: > 40 } || kind?.Contains('\0', StringComparison.Ordinal) == true)
        {
            return Problem.Validation("auth", "kind", "It is a kind of entry, such as signed_in.");
        }

        var entries = new List<Entry>();
        await using var read = await db.BeginForSystemAsync(SystemScope.Audit, ct);
        await using var select = read.Command(Select, before, userId, kind, size + 1);
        await using var row = await select.ExecuteReaderAsync(ct);
        while (await row.ReadAsync(ct))
        {
            entries.Add(new Entry(
                row.GetInt64(0), row.GetGuid(1), row.GetString(2), row.GetFieldValue<DateTimeOffset>(3),
                row.IsDBNull(4) ? null : row.GetGuid(4), row.IsDBNull(5) ? null : row.GetGuid(5),
                row.IsDBNull(6) ? null : JsonSerializer.Deserialize<JsonElement>(row.GetString(6)),
                row.IsDBNull(7) ? null : row.GetString(7), row.IsDBNull(8) ? null : row.GetString(8), row.GetString(9)));
        }

        if (entries.Count <= size)
        {
            return TypedResults.Ok(new Page(entries, null));
        }

        entries.RemoveAt(size);
        return TypedResults.Ok(new Page(entries, entries[^1].Seq.ToString(CultureInfo.InvariantCulture)));
    }
}
