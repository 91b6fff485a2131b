using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Image.Pictures;

/// <summary>Forgets pictures that are older than their owner keeps them. The binding calls every replica at once; they share the rows.</summary>
internal sealed partial class SweepPictures
{
    private const int Batch = 50;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private const string Old =
        """
        select i.key, i.owner_id from images i left join retention r on r.user_id = i.owner_id
        where i.created_at < $1::timestamptz - interval '1 day' and i.created_at < $1::timestamptz - make_interval(days => coalesce(r.days, $2))
        order by i.created_at limit $3 for update of i skip locked
        """;

    // The name of the binding.
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/retention", Handle);

    private static async Task<Ok> Handle(NpgsqlDataSource db, TimeProvider clock, ILogger<SweepPictures> logger, HttpContext http, CancellationToken ct)
    {
        var (began, swept, round) = (clock.GetTimestamp(), 0, Batch);
        while (round == Batch && clock.GetElapsedTime(began) < Longest)
        {
            round = await SweepAsync(db, clock.GetUtcNow(), http.RequestServices, ct);
            swept += round;
        }

        Swept(logger, swept);
        return TypedResults.Ok();
    }

    /// <summary>The objects first: a row without them is tried again, objects without a row would stay for ever.</summary>
    private static async Task<int> SweepAsync(NpgsqlDataSource db, DateTimeOffset now, IServiceProvider services, CancellationToken ct)
    {
        await using var work = await db.BeginForAllUsersAsync(ct);
        var keys = new List<string>();
        await using (var old = work.Command(Old, now, RetentionChanged.DefaultPictureDays, Batch))
        await using (var row = await old.ExecuteReaderAsync(ct))
        {
            while (await row.ReadAsync(ct))
            {
                keys.Add(row.GetString(0));
            }
        }

        await PictureObjects.DeleteAsync(services, keys, ct);
        await using var delete = work.Command("delete from images where key = any($1)", (object)keys.ToArray());
        await delete.ExecuteNonQueryAsync(ct);
        await work.CommitAsync(ct);
        return keys.Count;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} old pictures were forgotten")]
    private static partial void Swept(ILogger logger, int count);
}
