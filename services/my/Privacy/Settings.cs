using System.Globalization;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.Privacy;

/// <summary>What the caller consents to and how long things are kept. Every change has a version, which is the ETag; a change names the one it saw.</summary>
internal sealed class Settings
{
    public sealed record Answer(Consents Consents, Retention Retention);

    public sealed record Consents(bool Analytics, bool Improvement);

    public sealed record Retention(int ResultDays, int PictureDays);

    public sealed record Request(ConsentsChange? Consents, RetentionChange? Retention);

    public sealed record ConsentsChange(bool? Analytics, bool? Improvement);

    public sealed record RetentionChange(int? ResultDays, int? PictureDays);

    private const int MaxResultDays = 1095, MaxPictureDays = 365;

    // Nobody has agreed to anything before saying so.
    private static readonly Answer Default = new(new Consents(false, false), new Retention(RetentionChanged.DefaultResultDays, RetentionChanged.DefaultPictureDays));

    private const string Select = "select version, analytics, improvement, result_days, picture_days from settings where user_id = $1";

    private const string Upsert =
        """
        insert into settings as s (user_id, version, analytics, improvement, result_days, picture_days, changed_at) select $1, 1, $3, $4, $5, $6, $7 where $2::bigint = 0
        on conflict (user_id) do nothing
        """;

    private const string Update =
        "update settings set version = version + 1, analytics = $3, improvement = $4, result_days = $5, picture_days = $6, changed_at = $7 where user_id = $1 and version = $2";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/settings", Get).WithName("GetSettings").WithSummary("Consents and how long things are kept.");
        routes.MapPatch("/settings", Change).WithName("ChangeSettings").WithSummary("Changes consents or retention.").DemandIfMatch();
    }

    private static async Task<Ok<Answer>> Get(CurrentUser user, HttpResponse response, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var work = await db.BeginForUserAsync(user.Id, ct);
        var (version, settings) = await ReadAsync(work, user.Id, ct);
        response.Headers.ETag = Tag(version);
        return TypedResults.Ok(settings);
    }

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> Change(
        Request request, CurrentUser user, HttpContext http, NpgsqlDataSource db, Outbox outbox, TimeProvider clock, CancellationToken ct)
    {
        if (request is { Consents: null or { Analytics: null, Improvement: null }, Retention: null or { ResultDays: null, PictureDays: null } })
        {
            return Problems.NoChangesProvided();
        }

        if (request.Retention is { ResultDays: < 1 or > MaxResultDays })
        {
            return Problems.Invalid("retention.result_days", $"It is a number of days from 1 to {MaxResultDays}.");
        }

        if (request.Retention is { PictureDays: < 1 or > MaxPictureDays })
        {
            return Problems.Invalid("retention.picture_days", $"It is a number of days from 1 to {MaxPictureDays}.");
        }

        await using var work = await db.BeginForUserAsync(user.Id, ct);
        var (version, now) = await ReadAsync(work, user.Id, ct);
        if (IfMatch.Tag(http) is { } seen && seen != version.ToString(CultureInfo.InvariantCulture))
        {
            return Problems.PreconditionFailed();
        }

        var wanted = new Answer(
            new Consents(request.Consents?.Analytics ?? now.Consents.Analytics, request.Consents?.Improvement ?? now.Consents.Improvement),
            new Retention(request.Retention?.ResultDays ?? now.Retention.ResultDays, request.Retention?.PictureDays ?? now.Retention.PictureDays));
        await using var write = work.Command(
            version == 0 ? Upsert : Update, user.Id, version, wanted.Consents.Analytics, wanted.Consents.Improvement, wanted.Retention.ResultDays, wanted.Retention.PictureDays, clock.GetUtcNow());
        if (await write.ExecuteNonQueryAsync(ct) == 0)
        {
            // Somebody was quicker between the look and the change.
            return Problems.PreconditionFailed();
        }

        await outbox.AddAsync(
            work.Connection, Messaging.PubSub, RetentionChanged.Topic, user.Id.ToString("D"),
            new RetentionChanged(user.Id, version + 1, wanted.Retention.ResultDays, wanted.Retention.PictureDays), ct);
        await work.CommitAsync(ct);
        outbox.Wake();
        http.Response.Headers.ETag = Tag(version + 1);
        return TypedResults.Ok(wanted);
    }

    private static string Tag(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    private static async Task<(long Version, Answer Settings)> ReadAsync(UserRows.UserTransaction work, Guid userId, CancellationToken ct)
    {
        await using var select = work.Command(Select, userId);
        await using var row = await select.ExecuteReaderAsync(ct);
        return await row.ReadAsync(ct)
            ? (row.GetInt64(0), new Answer(new Consents(row.GetBoolean(1), row.GetBoolean(2)), new Retention(row.GetInt32(3), row.GetInt32(4))))
            : (0, Default);
    }
}
