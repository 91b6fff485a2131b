using System.Text.Json;
using Eco2.Character.Catalog;
using Eco2.Contracts;
using Eco2.Contracts.Character;
using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Character.Rewards;

/// <summary>Says what a finished scan earned and grants it, once per job however often it is asked.</summary>
internal sealed class EvaluateRewards(CharacterCatalog catalog, IOptions<CharacterOptions> options, Outbox outbox)
{
    // Evaluations of one user go one after another: limit and duplicate are counted, not guessed.
    private const string LockUser = "select pg_advisory_xact_lock(hashtextextended($1, 0))";
    private const string Earlier = "select user_id, reward from evaluations where job_id = $1";
    private const string SamePicture = "select 1 from evaluations where user_id = $1 and image_sha256 = $2 and rewarded";

    private const string GrantedToday =
        """
        select count(*) from ownership where user_id = $1 and source <> 'onboarding'
        and acquired_at >= date_trunc('day', $2::timestamptz at time zone 'Asia/Seoul') at time zone 'Asia/Seoul'
        """;

    private const string Grant =
        """
        insert into ownership (id, user_id, character_code, source, acquired_at, job_id) values ($1, $2, $3, $4, $5, $6)
        on conflict (user_id, character_code) do nothing
        """;

    private const string Remember =
        "insert into evaluations (job_id, user_id, image_sha256, rewarded, reward, evaluated_at) values ($1, $2, $3, $4, $5, $6)";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/internal/rewards/evaluate", Handle);

    private static async Task<Results<Ok<Reward>, ProblemHttpResult>> Handle(
        EvaluateReward scan, EvaluateRewards rewards, NpgsqlDataSource db, Outbox outbox, TimeProvider clock, CancellationToken ct)
    {
        if (scan.UserId == Guid.Empty || scan.JobId == Guid.Empty)
        {
            return Problems.Invalid(scan.UserId == Guid.Empty ? "user_id" : "job_id");
        }

        var now = clock.GetUtcNow();
        await using var work = await db.BeginForUserAsync(scan.UserId, ct);
        await using (var locked = work.Command(LockUser, scan.UserId.ToString("D")))
        {
            await locked.ExecuteNonQueryAsync(ct);
        }

        var (reward, isNew) = await rewards.DecideAsync(work, scan, now, ct);
        if (isNew)
        {
            await work.CommitAsync(ct);
            outbox.Wake();
        }

        return TypedResults.Ok(reward);
    }

    private async Task<(Reward Reward, bool IsNew)> DecideAsync(UserRows.UserTransaction work, EvaluateReward scan, DateTimeOffset now, CancellationToken ct)
    {
        await using (var earlier = work.Command(Earlier, scan.JobId))
        await using (var reader = await earlier.ExecuteReaderAsync(ct))
        {
            if (await reader.ReadAsync(ct))
            {
                return (JsonSerializer.Deserialize(reader.GetString(1), ContractsJson.Default.Reward)!, false);
            }
        }

        var refusal = Eligibility.Refusal(scan, options.Value) ?? await RefusalByHistoryAsync(work, scan, now, ct);
        var character = refusal is null ? catalog.ByMatch(scan.FinalMiddleCode) : null;
        var reward = refusal is not null ? new Reward("not_eligible", refusal, null, null)
            : character is null ? new Reward("not_eligible", "NO_CHARACTER", null, null)
            : await GrantAsync(work, scan, character, now, ct);
        await using var remember = work.Command(
            Remember,
            scan.JobId,
            scan.UserId,
            scan.ImageSha256 ?? "",
            reward.Character is not null,
            JsonSerializer.Serialize(reward, ContractsJson.Default.Reward),
            now);
        await remember.ExecuteNonQueryAsync(ct);
        return (reward, true);
    }

    private async Task<string?> RefusalByHistoryAsync(UserRows.UserTransaction work, EvaluateReward scan, DateTimeOffset now, CancellationToken ct)
    {
        await using (var same = work.Command(SamePicture, scan.UserId, scan.ImageSha256 ?? ""))
        {
            if (await same.ExecuteScalarAsync(ct) is not null)
            {
                return "DUPLICATE_IMAGE";
            }
        }

        await using var today = work.Command(GrantedToday, scan.UserId, now);
        return await today.ExecuteScalarAsync(ct) is long count && count >= options.Value.DailyLimit ? "DAILY_LIMIT" : null;
    }

    private async Task<Reward> GrantAsync(
        UserRows.UserTransaction work, EvaluateReward scan, CharacterCatalog.Entry character, DateTimeOffset now, CancellationToken ct)
    {
        var granted = await GrantAsync(work, scan.UserId, character, "scan", scan.JobId, now, ct);
        var reason = string.IsNullOrEmpty(scan.MinorName) ? scan.FinalMiddleName : $"{scan.FinalMiddleName}>{scan.MinorName}";
        return new Reward(granted ? "granted" : "already_owned", null, catalog.Shown(character), reason);
    }

    /// <summary>Gives the character unless the user has it; tells the others only when it is new.</summary>
    public async Task<bool> GrantAsync(
        UserRows.UserTransaction work, Guid userId, CharacterCatalog.Entry character, string source, Guid? jobId, DateTimeOffset now, CancellationToken ct)
    {
        var id = Guid.CreateVersion7(now);
        await using var grant = work.Command(Grant, id, userId, character.Code, source, now, jobId);
        if (await grant.ExecuteNonQueryAsync(ct) == 0)
        {
            return false;
        }

        var fact = new CharacterGranted(id, userId, catalog.Shown(character), character.MatchCode, source, jobId, now);
        await outbox.AddAsync(work.Connection, Messaging.PubSub, CharacterGranted.Topic, userId.ToString("D"), fact, ct);
        return true;
    }
}
