using Eco2.Contracts.Auth;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.My.Profiles;

/// <summary>A profile for everybody who signed up. The message says at most that there is a nickname; auth knows which.</summary>
internal sealed partial class OnUserRegistered
{
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(5);

    // A name comes in later where there is none, and not over what its owner chose meanwhile.
    private const string Insert =
        """
        insert into profiles as p (user_id, provider, nickname, last_login_at, created_at) values ($1, $2, $3, $4, $4)
        on conflict (user_id) do update set nickname = excluded.nickname where p.nickname is null and excluded.nickname is not null
        """;

    private const string Named = "select 1 from profiles where user_id = $1 and nickname is not null";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/user-registered", Handle);

    private static async Task<EventAnswer> Handle(
        Event<UserRegistered> message, NpgsqlDataSource db, Accounts accounts, ILogger<OnUserRegistered> logger, CancellationToken ct)
    {
        var user = message.Data;
        if (user.UserId == Guid.Empty || user.Provider is null)
        {
            throw new PoisonMessageException("user_id or provider is missing");
        }

        var (nickname, isAway) = user.HasNickname && !await IsNamedAsync(user.UserId, db, ct) ? await AskAsync(user.UserId, accounts, logger, ct) : (user.Nickname, false);
        await using var work = await db.BeginForUserAsync(user.UserId, ct);
        await using (var insert = work.Command(Insert, user.UserId, user.Provider, nickname, user.RegisteredAt.ToUniversalTime()))
        {
            await insert.ExecuteNonQueryAsync(ct);
        }

        await work.CommitAsync(ct);
        // The profile does not wait for a name that cannot be had now.
        return isAway ? EventAnswer.Retry : EventAnswer.Success;
    }

    private static async Task<bool> IsNamedAsync(Guid userId, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var named = await db.QueryForUserAsync(userId, Named, [userId], ct);
        return await named.ReadAsync(ct);
    }

    private static async Task<(string? Nickname, bool IsAway)> AskAsync(Guid userId, Accounts accounts, ILogger logger, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(AskLimit);
        try
        {
            return (await accounts.NicknameAsync(userId, limit.Token), false);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            NotNow(logger, userId, e.Message);
            return (null, true);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The nickname of {UserId} cannot be asked for now; the message comes again: {Why}")]
    private static partial void NotNow(ILogger logger, Guid userId, string why);
}
