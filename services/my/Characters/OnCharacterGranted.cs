using Eco2.Contracts.Character;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.My.Characters;

/// <summary>Keeps the collections in step: a batch of messages is one statement, however many it holds.</summary>
internal sealed class OnCharacterGranted
{
    // The oldest grant of a character is the one that counts; a repeat changes at most its texts.
    private const string Upsert =
        """
        insert into characters (user_id, code, ownership_id, name, type, dialog, image_url, match_code, source, job_id, acquired_at)
        select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::uuid[], $11::timestamptz[])
        on conflict (user_id, code) do update set name = excluded.name, type = excluded.type, dialog = excluded.dialog, image_url = excluded.image_url
        """;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/character-granted", Handle);

    private static async Task<BulkAnswer> Handle(EventBatch<CharacterGranted> batch, NpgsqlDataSource db, CancellationToken ct)
    {
        // One statement may touch a row once only.
        var grants = batch.Entries.Select(e => e.Event.Data).Where(IsWhole).DistinctBy(g => (g.UserId, g.Character.Code)).ToList();
        if (grants.Count > 0)
        {
            await using var work = await db.BeginForAllUsersAsync(ct);
            await using var upsert = work.Command(
                Upsert,
                Column(grants, g => g.UserId),
                Column(grants, g => g.Character.Code),
                Column(grants, g => g.OwnershipId),
                Column(grants, g => g.Character.Name),
                Column(grants, g => g.Character.Type),
                Column(grants, g => g.Character.Dialog),
                Column(grants, g => g.Character.ImageUrl),
                Column(grants, g => g.MatchCode),
                Column(grants, g => g.Source),
                Column(grants, g => g.JobId),
                Column(grants, g => g.AcquiredAt.ToUniversalTime()));
            await upsert.ExecuteNonQueryAsync(ct);
            await work.CommitAsync(ct);
        }

        return batch.Answer();
    }

    private static T[] Column<T>(List<CharacterGranted> grants, Func<CharacterGranted, T> value) => [.. grants.Select(value)];

    private static bool IsWhole(CharacterGranted grant) =>
        grant is { Source: not null, Character: { Code: not null, Name: not null, Type: not null, Dialog: not null, ImageUrl: not null } } && grant.UserId != Guid.Empty;
}
