using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.Profiles;

/// <summary>Who am I. The ETag goes into If-Match of a change.</summary>
internal sealed class GetProfile
{
    private const string Read = $"select {Profile.Columns} from profiles where user_id = $1";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/", Handle);

    private static async Task<Results<Ok<Profile>, ProblemHttpResult>> Handle(CurrentUser user, HttpResponse response, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var reader = await db.QueryForUserAsync(user.Id, Read, [user.Id], ct);
        if (!await reader.ReadAsync(ct))
        {
            return Problems.UserNotFound();
        }

        response.Headers.ETag = Profile.Tag(reader);
        return TypedResults.Ok(Profile.Read(reader));
    }
}
