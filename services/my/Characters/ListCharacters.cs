using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.Characters;

/// <summary>The user's collection, oldest first. Reading it changes nothing.</summary>
internal sealed class ListCharacters
{
    public sealed record Item(Guid Id, string Code, string Name, string Type, string Dialog, string ImageUrl, DateTimeOffset AcquiredAt);

    private const string Read =
        "select ownership_id, code, name, type, dialog, image_url, acquired_at from characters where user_id = $1 order by acquired_at, code";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/characters", Handle);

    private static async Task<Ok<List<Item>>> Handle(CurrentUser user, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var row = await db.QueryForUserAsync(user.Id, Read, [user.Id], ct);
        var items = new List<Item>();
        while (await row.ReadAsync(ct))
        {
            items.Add(new Item(
                row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetFieldValue<DateTimeOffset>(6)));
        }

        return TypedResults.Ok(items);
    }
}
