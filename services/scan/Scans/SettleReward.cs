using System.Text.Json;
using Eco2.Contracts.Character;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Scan.Scans;

/// <summary>The worker learned late what a finished scan earned. A reward that is decided stays as it is.</summary>
internal sealed class SettleReward
{
    private const string Update =
        """
        update scans set reward_status = $3, result = jsonb_set(result, '{reward}', $4::jsonb)
        where user_id = $1 and job_id = $2 and reward_status = 'pending'
        """;

    private const string IsWaiting = "select status from scans where user_id = $1 and job_id = $2";

    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/internal/scans/{id:guid}/reward", Handle);

    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(
        Guid id,
        Reward reward,
        CurrentUser user,
        NpgsqlDataSource db,
        WireJson json,
        CancellationToken ct)
    {
        await using var transaction = await db.BeginForUserAsync(user.Id, ct);
        await using var update = transaction.Command(Update, user.Id, id, reward.Status, JsonSerializer.Serialize(reward, json.Options));
        if (await update.ExecuteNonQueryAsync(ct) == 0)
        {
            await using var waiting = transaction.Command(IsWaiting, user.Id, id);
            if (await waiting.ExecuteScalarAsync(ct) is "queued")
            {
                // The end of the job is on its way here; the worker asks again.
                return Problems.NotFinished();
            }
        }

        await transaction.CommitAsync(ct);
        return TypedResults.NoContent();
    }
}
