using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.My.Stats;

/// <summary>What the user has scanned and collected.</summary>
internal sealed class GetStats
{
    /// <param name="Scans">Finished scans that gave an answer.</param>
    /// <param name="EligibleScans">Those that earned a character, owned before or not.</param>
    /// <param name="Characters">The collection.</param>
    /// <param name="ByCategory">Scans by middle category, most first.</param>
    public sealed record Answer(long Scans, long EligibleScans, Collection Characters, IReadOnlyList<Category> ByCategory);

    public sealed record Collection(long Owned, int Total);

    public sealed record Category(string MiddleCode, string? MiddleCategory, long Scans);

    private const string Count =
        """
        select middle_code, max(middle_category), count(*), count(*) filter (where eligible),
          (select count(*) from characters c where c.user_id = $1)
        from scans where user_id = $1 and status = 'succeeded'
        group by grouping sets ((), (middle_code))
        order by grouping(middle_code) desc, count(*) desc, middle_code
        """;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/stats", Handle);

    private static async Task<Ok<Answer>> Handle(CurrentUser user, NpgsqlDataSource db, IOptions<MyOptions> options, CancellationToken ct)
    {
        await using var row = await db.QueryForUserAsync(user.Id, Count, [user.Id], ct);
        // The empty grouping set comes first: the sums over everything.
        await row.ReadAsync(ct);
        var (scans, eligible, owned) = (row.GetInt64(2), row.GetInt64(3), row.GetInt64(4));
        var categories = new List<Category>();
        while (await row.ReadAsync(ct))
        {
            if (!row.IsDBNull(0))
            {
                categories.Add(new Category(row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetInt64(2)));
            }
        }

        return TypedResults.Ok(new Answer(scans, eligible, new Collection(owned, options.Value.CharactersInAll), categories));
    }
}
