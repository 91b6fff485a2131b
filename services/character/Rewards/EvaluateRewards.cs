using System.Text.Json;
using Eco2.Character.Catalog;
using Eco2.Contracts;
using Eco2.Contracts.Character;
using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Character.Rewards;

/// <summary>Says what a finished scan earned and grants it, once per job however often it is asked.</summary>
internal sealed class EvaluateRewards(CharacterCatalog catalog, IOptions<CharacterOptions> options, NpgsqlDataSource db, RewardMeter meter, Outbox outbox)
{
    // Limit and duplicate are counted, not guessed. The actor of the user lets one through at a time; the lock holds as well while an actor moves and
    // there are two of them. A statement of its own, so that the next one sees what the evaluation before has written.
    private const string LockUser = "select pg_advisory_xact_lock(hashtextextended($1, 0))";

    private const string Grant =
        """
        insert into ownership (id, user_id, character_code, source, acquired_at, job_id) values ($1, $2, $3, $4, $5, $6)
        on conflict (user_id, character_code) do nothing
        """;

    // $1 job, $2 user, $3 picture, $4 now, $5 daily limit, $6 verdict of what was seen (null: nothing against it), $7 character (null: none fits),
    // $8 id of the grant, $9 to $14 its message, then what is answered: $15 refused, $16 duplicate, $17 limit, $18 no character, $19 granted, $20 owned.
    private const string Decide =
        $"""
        with verdict as (
          select case
            when $6::text is not null then 'refused'
            when exists (select 1 from evaluations where user_id = $2::uuid and image_sha256 = $3::text and rewarded) then 'duplicate'
            when (select count(*) from ownership where user_id = $2::uuid and source <> 'onboarding'
              and acquired_at >= date_trunc('day', $4::timestamptz at time zone 'Asia/Seoul') at time zone 'Asia/Seoul') >= $5::int then 'limit'
            when $7::text is null then 'none'
            else 'earned' end as says
          where not exists (select 1 from evaluations where job_id = $1::uuid)),
        granted as (
          insert into ownership (id, user_id, character_code, source, acquired_at, job_id)
          select $8::uuid, $2::uuid, $7::text, 'scan', $4::timestamptz, $1::uuid from verdict where says = 'earned'
          on conflict (user_id, character_code) do nothing returning id),
        announced as (
          insert into outbox ({Outbox.Columns})
          select $9::uuid, $10::text, $11::text, $12::text, $13::text, $14::text from granted),
        remembered as (
          insert into evaluations (job_id, user_id, image_sha256, rewarded, reward, evaluated_at)
          select $1::uuid, $2::uuid, $3::text, says = 'earned', case says
            when 'refused' then $15::text when 'duplicate' then $16::text when 'limit' then $17::text when 'none' then $18::text
            else case when exists (select 1 from granted) then $19::text else $20::text end end, $4::timestamptz
          from verdict returning reward)
        select reward, exists (select 1 from granted) from remembered
        union all select reward, false from evaluations where job_id = $1::uuid
        """;

    /// <summary>Lock, verdict, grant, message and memory in one round trip, which is one transaction.</summary>
    public async Task<Reward> DecideAsync(EvaluateReward scan, DateTimeOffset now, CancellationToken ct)
    {
        var user = scan.UserId.ToString("D");
        var character = catalog.ByMatch(scan.FinalMiddleCode);
        var refusal = Eligibility.Refusal(scan, options.Value);
        var reason = string.IsNullOrEmpty(scan.MinorName) ? scan.FinalMiddleName : $"{scan.FinalMiddleName}>{scan.MinorName}";
        var shown = character is null ? null : catalog.Shown(character);
        var id = Guid.CreateVersion7(now);
        object?[] message = character is null
            ? [null, null, null, null, null, null]
            : outbox.Row(Messaging.PubSub, CharacterGranted.Topic, user, new CharacterGranted(id, scan.UserId, shown!, character.MatchCode, "scan", scan.JobId, now));
        await using var batch = db.CreateBatch();
        batch.BatchCommands.Add(UserRows.Become(scan.UserId));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(LockUser).With(user));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Decide).With(
        [
            scan.JobId, scan.UserId, scan.ImageSha256 ?? "", now, options.Value.DailyLimit, refusal, character?.Code, id, .. message,
            Says("not_eligible", refusal), Says("not_eligible", "DUPLICATE_IMAGE"), Says("not_eligible", "DAILY_LIMIT"), Says("not_eligible", "NO_CHARACTER"),
            Says("granted", null, shown, reason), Says("already_owned", null, shown, reason),
        ]));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        await reader.NextResultAsync(ct);
        if (!await reader.ReadAsync(ct))
        {
            // The account is gone; nothing is kept for it.
            return new Reward("not_eligible", "DISABLED", null, null);
        }

        var (reward, granted) = (reader.GetString(0), reader.GetBoolean(1));
        // Only now it is committed.
        await reader.NextResultAsync(ct);
        if (granted)
        {
            outbox.Wake();
        }

        var verdict = JsonSerializer.Deserialize(reward, ContractsJson.Default.Reward)!;
        meter.Evaluated(verdict);
        return verdict;
    }

    private static string Says(string status, string? why, RewardCharacter? character = null, string? reason = null) =>
        JsonSerializer.Serialize(new Reward(status, why, character, reason), ContractsJson.Default.Reward);

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
