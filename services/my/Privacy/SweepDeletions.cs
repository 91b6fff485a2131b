using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.My.Privacy;

/// <summary>The last that names a deleted user: the history of the deletion's own workflow. The receipt stays.</summary>
internal static class SweepDeletions
{
    // As long as the message that began it can be published again out of the dead letters: until then a repeat finds the deletion done.
    private static readonly TimeSpan Wait = TimeSpan.FromDays(31);

    private const string Due =
        "select id from deletions where status = 'succeeded' and not forgotten and finished_at < $1 and not id = any($3) order by finished_at limit $2 for update skip locked";

    private const string Done = "update deletions set forgotten = true where id = any($1)";

    /// <summary>A batch of them.</summary>
    /// <param name="left">Those that could not be removed in this sweep: they stay for the next and hold nobody up.</param>
    /// <returns>How many were due, those that are left now among them.</returns>
    public static async Task<int> SomeAsync(List<Guid> left, NpgsqlDataSource db, Histories histories, TimeProvider clock, CancellationToken ct)
    {
        await using var work = await db.BeginForAllUsersAsync(ct);
        var ids = new List<Guid>();
        await using (var due = work.Command(Due, clock.GetUtcNow() - Wait, ForgetHistories.Most, left.ToArray()))
        await using (var row = await due.ExecuteReaderAsync(ct))
        {
            while (await row.ReadAsync(ct))
            {
                ids.Add(row.GetGuid(0));
            }
        }

        if (ids.Count > 0)
        {
            var kept = (await histories.ForgetAsync([.. ids.Select(id => $"deletion-{id:D}")], ct)).Select(id => Guid.Parse(id["deletion-".Length..])).ToList();
            left.AddRange(kept);
            await using var done = work.Command(Done, (object)ids.Except(kept).ToArray());
            await done.ExecuteNonQueryAsync(ct);
            await work.CommitAsync(ct);
        }

        return ids.Count;
    }
}
