using Eco2.Character.Catalog;
using Eco2.Contracts.Auth;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Character.Rewards;

/// <summary>Everybody starts with the mascot.</summary>
internal sealed class OnUserRegistered
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/user-registered", Handle);

    private static async Task<EventAnswer> Handle(
        Event<UserRegistered> message,
        EvaluateRewards rewards,
        CharacterCatalog catalog,
        NpgsqlDataSource db,
        Outbox outbox,
        TimeProvider clock,
        CancellationToken ct)
    {
        var user = message.Data.UserId;
        if (user == Guid.Empty)
        {
            throw new PoisonMessageException("user_id is missing");
        }

        await using var work = await db.BeginForUserAsync(user, ct);
        await rewards.GrantAsync(work, user, catalog.Default, "onboarding", jobId: null, clock.GetUtcNow(), ct);
        await work.CommitAsync(ct);
        outbox.Wake();
        return EventAnswer.Success;
    }
}
