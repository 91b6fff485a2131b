using Eco2.Contracts.Auth;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.My.Profiles;

/// <summary>A profile for everybody who signed up. The message says at most that there is a nickname; auth knows which.</summary>
internal sealed partial class OnUserRegistered
{
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(5);

    private const string Insert =
        """
        insert into profiles (user_id, provider, nickname, last_login_at, created_at) values ($1, $2, $3, $4, $4)
        on conflict (user_id) do nothing
        """;

    private const string Lacks = "select 1 from profiles where user_id = $1 and nickname is null";

    // Not over what its owner chose meanwhile.
    private const string Name = "update profiles set nickname = $2 where user_id = $1 and nickname is null";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/user-registered", Handle);

    private static async Task<EventAnswer> Handle(
        Event<UserRegistered> message, NpgsqlDataSource db, Accounts accounts, ILogger<OnUserRegistered> logger, CancellationToken ct)
    {
        var user = message.Data;
        if (user.UserId == Guid.Empty || user.Provider is null)
        {
            throw new PoisonMessageException("user_id or provider is missing");
        }

        // The profile does not wait for its name.
        var nameless = await InsertAsync(user, db, ct);
        if (!user.HasNickname || !nameless)
        {
            return EventAnswer.Success;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(AskLimit);
        try
        {
            if (await accounts.NicknameAsync(user.UserId, limit.Token) is { } nickname)
            {
                await using var work = await db.BeginForUserAsync(user.UserId, ct);
                await using var name = work.Command(Name, user.UserId, nickname);
                await name.ExecuteNonQueryAsync(ct);
                await work.CommitAsync(ct);
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            NotNow(logger, user.UserId, e.Message);
            return EventAnswer.Retry;
        }

        return EventAnswer.Success;
    }

    /// <returns>Whether there is a profile without a nickname now.</returns>
    private static async Task<bool> InsertAsync(UserRegistered user, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var work = await db.BeginForUserAsync(user.UserId, ct);
        await using (var insert = work.Command(Insert, user.UserId, user.Provider, user.Nickname, user.RegisteredAt.ToUniversalTime()))
        {
            await insert.ExecuteNonQueryAsync(ct);
        }

        await using var lacks = work.Command(Lacks, user.UserId);
        var nameless = await lacks.ExecuteScalarAsync(ct) is not null;
        await work.CommitAsync(ct);
        return nameless;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The nickname of {UserId} cannot be asked for now; the message comes again: {Why}")]
    private static partial void NotNow(ILogger logger, Guid userId, string why);
}
