using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.Profiles;

/// <summary>Who am I.</summary>
internal sealed class GetProfile
{
    private const string Read = $"select {Profile.Columns} from profiles where user_id = $1";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/", Handle);

    private static async Task<Results<Ok<Profile>, ProblemHttpResult>> Handle(CurrentUser user, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var reader = await db.QueryForUserAsync(user.Id, Read, [user.Id], ct);
        return await reader.ReadAsync(ct) ? TypedResults.Ok(Profile.Read(reader)) : Problems.UserNotFound();
    }
}
