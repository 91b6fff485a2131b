using Eco2.Contracts.Auth;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.Accounts;

/// <summary>The nickname of an account for the app that keeps profiles: the message that somebody signed up says only that there is one. An account that is
/// gone has none, so that nobody waits for it.</summary>
internal sealed class TellNickname
{
    private const string Select = "select nickname from accounts where id = $1 and deleted_at is null and nickname is not null";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/internal/nicknames/{id:guid}", Handle);

    private static async Task<Ok<AccountNickname>> Handle(Guid id, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var row = await db.QueryForUserAsync(id, Select, [id], ct);
        return TypedResults.Ok(new AccountNickname(await row.ReadAsync(ct) ? row.GetString(0) : null));
    }
}
