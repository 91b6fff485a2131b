using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.Characters;

/// <summary>Does the user have this one? It is asked for by code or by Korean name; one the user lacks is answered as it was asked for.</summary>
internal sealed class GetOwnership
{
    public sealed record Answer(string? CharacterCode, string? CharacterName, bool Owned);

    private const string Read = "select code, name from characters where user_id = $1 and (code = $2 or name = $2) limit 1";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/characters/{codeOrName:length(1,64)}/ownership", Handle).WithSummary("Does the user have this character?");

    private static async Task<Ok<Answer>> Handle(string codeOrName, CurrentUser user, NpgsqlDataSource db, CancellationToken ct)
    {
        var asked = Nfc.Compose(codeOrName);
        await using var row = await db.QueryForUserAsync(user.Id, Read, [user.Id, asked], ct);
        if (await row.ReadAsync(ct))
        {
            return TypedResults.Ok(new Answer(row.GetString(0), row.GetString(1), true));
        }

        var isCode = asked.StartsWith("char-", StringComparison.Ordinal);
        return TypedResults.Ok(new Answer(isCode ? asked : null, isCode ? null : asked, false));
    }
}
