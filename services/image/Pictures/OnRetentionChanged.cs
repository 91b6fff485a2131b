using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Image.Pictures;

/// <summary>A user said how long pictures are kept. Of several messages the newest settings count, in whatever order they come.</summary>
internal sealed class OnRetentionChanged
{
    private const string Upsert =
        """
        insert into retention as r (user_id, version, days) values ($1, $2, $3)
        on conflict (user_id) do update set version = excluded.version, days = excluded.days where r.version < excluded.version
        """;

    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/retention-changed", Handle);

    private static async Task<EventAnswer> Handle(Event<RetentionChanged> message, NpgsqlDataSource db, CancellationToken ct)
    {
        var changed = message.Data;
        if (changed.UserId == Guid.Empty || changed.PictureDays < 1)
        {
            throw new PoisonMessageException("user_id is missing or nothing would be kept");
        }

        await using var work = await db.BeginForUserAsync(changed.UserId, ct);
        await using var upsert = work.Command(Upsert, changed.UserId, changed.Version, changed.PictureDays);
        await upsert.ExecuteNonQueryAsync(ct);
        await work.CommitAsync(ct);
        return EventAnswer.Success;
    }
}
