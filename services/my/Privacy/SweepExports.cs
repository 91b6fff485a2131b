using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.Privacy;

/// <summary>Removes archives whose time is over, and the histories of the workflows that made them. The binding calls every replica at once; they share the rows.</summary>
internal sealed partial class SweepExports
{
    private const int Batch = 20;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private const string Old = "select id::text from exports where expires_at < $1 and not id::text = any($3) order by expires_at limit $2 for update skip locked";

    private const string Forget = "delete from exports where id::text = any($1)";

    // The name of the binding.
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/retention", Handle);

    /// <summary>Removes the objects of these exports.</summary>
    public static async Task DeleteObjectsAsync(IServiceProvider services, UserRows.UserTransaction work, IReadOnlyList<string> ids, CancellationToken ct)
    {
        var objects = services.GetRequiredService<ObjectStore>();
        var parts = new List<(Guid Id, int Parts)>();
        await using (var select = work.Command("select id, parts from exports where id::text = any($1)", (object)ids.ToArray()))
        await using (var row = await select.ExecuteReaderAsync(ct))
        {
            while (await row.ReadAsync(ct))
            {
                parts.Add((row.GetGuid(0), row.GetInt32(1)));
            }
        }

        foreach (var (id, count) in parts)
        {
            for (var number = count; number > 0; number--)
            {
                await objects.DeleteAsync(ExportObjects.Part(id, number), ct);
            }
        }
    }

    private static async Task<Ok> Handle(NpgsqlDataSource db, Histories histories, TimeProvider clock, ILogger<SweepExports> logger, HttpContext http, CancellationToken ct)
    {
        var (began, exports, deletions) = (clock.GetTimestamp(), 0, 0);
        var (left, unforgotten) = (new List<string>(), new List<Guid>());
        try
        {
            for (var round = Batch; round == Batch && clock.GetElapsedTime(began) < Longest; exports += round)
            {
                round = await SomeAsync(left, db, histories, clock, http.RequestServices, ct);
            }

            for (var round = ForgetHistories.Most; round == ForgetHistories.Most && clock.GetElapsedTime(began) < Longest; deletions += round)
            {
                round = await SweepDeletions.SomeAsync(unforgotten, db, histories, clock, ct);
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            Left(logger, e.Message);
        }

        Swept(logger, exports - left.Count, deletions - unforgotten.Count);
        return TypedResults.Ok();
    }

    /// <summary>The rows go last: what fails before is done again the next time, and nobody sees them meanwhile.</summary>
    private static async Task<int> SomeAsync(List<string> left, NpgsqlDataSource db, Histories histories, TimeProvider clock, IServiceProvider services, CancellationToken ct)
    {
        await using var work = await db.BeginForAllUsersAsync(ct);
        var ids = new List<string>();
        await using (var old = work.Command(Old, clock.GetUtcNow(), Batch, left.ToArray()))
        await using (var row = await old.ExecuteReaderAsync(ct))
        {
            while (await row.ReadAsync(ct))
            {
                ids.Add(row.GetString(0));
            }
        }

        if (ids.Count > 0)
        {
            await DeleteObjectsAsync(services, work, ids, ct);
            var kept = (await histories.ForgetAsync([.. ids.Select(id => $"export-{id}")], ct)).Select(id => id["export-".Length..]).ToList();
            left.AddRange(kept);
            await using var forget = work.Command(Forget, (object)ids.Except(kept).ToArray());
            await forget.ExecuteNonQueryAsync(ct);
            await work.CommitAsync(ct);
        }

        return ids.Count;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Exports} old exports and the histories of {Deletions} deletions were removed")]
    private static partial void Swept(ILogger logger, int exports, int deletions);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old exports or histories wait for the next round: {Why}")]
    private static partial void Left(ILogger logger, string why);
}
