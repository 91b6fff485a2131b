using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Scan.Scans;

/// <summary>Own scans, newest first. The cursor is the last job id of the page before, and none of the client's business.</summary>
internal sealed class ListScans
{
    private const int DefaultLimit = 20, MaxLimit = 100;

    private const string Select =
        """
        select job_id, status, image_url, headline, middle_code, final_place, reward_status, created_at, finished_at
        from scans where user_id = $1 and job_id < $2 and not hidden order by job_id desc limit $3
        """;

    internal static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/", Handle).WithName(nameof(ListScans));

    internal static async Task<Results<Ok<ScanHistoryPage>, ProblemHttpResult>> Handle(
        CurrentUser user,
        NpgsqlDataSource db,
        CancellationToken ct,
        string? limit = null,
        string? cursor = null)
    {
        var size = DefaultLimit;
        if (limit is not null && (!int.TryParse(limit, out size) || size is < 1 or > MaxLimit))
        {
            return Problems.Invalid("limit", $"It is a number from 1 to {MaxLimit}.");
        }

        if (!PageCursor.TryRead(cursor, out var before))
        {
            return Problems.Invalid("cursor", "It is not one that was given out.");
        }

        // One more than asked says whether there is a next page.
        await using var reader = await db.QueryForUserAsync(user.Id, Select, [user.Id, before, size + 1], ct);
        var scans = new List<ScanSummary>(size + 1);
        while (await reader.ReadAsync(ct))
        {
            var imageUrl = reader.GetString(2);
            scans.Add(new ScanSummary(
                reader.GetGuid(0),
                reader.GetString(1),
                imageUrl,
                $"{imageUrl}/thumbnail",
                Text(reader, 3),
                Text(reader, 4),
                Text(reader, 5),
                Text(reader, 6),
                reader.GetFieldValue<DateTimeOffset>(7),
                reader.IsDBNull(8) ? null : reader.GetFieldValue<DateTimeOffset>(8)));
        }

        if (scans.Count <= size)
        {
            return TypedResults.Ok(new ScanHistoryPage(scans, null));
        }

        scans.RemoveAt(size);
        return TypedResults.Ok(new ScanHistoryPage(scans, PageCursor.After(scans[^1].JobId)));
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
