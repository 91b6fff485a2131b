using Eco2.Contracts.Auth;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.My.Profiles;

/// <summary>A profile for everybody who signed up.</summary>
internal sealed class OnUserRegistered
{
    private const string Insert =
        """
        insert into profiles (user_id, provider, nickname, last_login_at, created_at) values ($1, $2, $3, $4, $4)
        on conflict (user_id) do nothing
        """;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/user-registered", Handle);

    private static async Task<EventAnswer> Handle(Event<UserRegistered> message, NpgsqlDataSource db, CancellationToken ct)
    {
        var user = message.Data;
        if (user.UserId == Guid.Empty || user.Provider is null)
        {
            throw new PoisonMessageException("user_id or provider is missing");
        }

        await using var work = await db.BeginForUserAsync(user.UserId, ct);
        await using var insert = work.Command(Insert, user.UserId, user.Provider, user.Nickname, user.RegisteredAt.ToUniversalTime());
        await insert.ExecuteNonQueryAsync(ct);
        await work.CommitAsync(ct);
        return EventAnswer.Success;
    }
}
