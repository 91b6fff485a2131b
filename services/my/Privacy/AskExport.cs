using Eco2.Contracts.Jobs;
using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.Privacy;

/// <summary>Begins an export of everything about the caller. Whoever has one running gets that one.</summary>
internal sealed class AskExport
{
    public sealed record Answer(Guid Id, string StatusUrl);

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    private const string Insert =
        "insert into exports (id, user_id, requested_at, expires_at) values ($1, $2, $3, $4) on conflict (user_id) where status = 'running' do nothing";

    private const string Running = "select id from exports where user_id = $1 and status = 'running'";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/exports", Handle).WithName(nameof(AskExport)).WithSummary("Begins an export of everything about the caller.").OncePerKey();

    private static async Task<Results<Accepted<Answer>, ProblemHttpResult>> Handle(CurrentUser user, NpgsqlDataSource db, Outbox outbox, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        await using var work = await db.BeginForUserAsync(user.Id, ct);
        await using var insert = work.Command(Insert, id, user.Id, now, now + Lifetime);
        if (await insert.ExecuteNonQueryAsync(ct) == 0)
        {
            await using var running = work.Command(Running, user.Id);
            return await running.ExecuteScalarAsync(ct) is Guid known ? Accepted(known) : Problems.UserNotFound();
        }

        await using (var rest = work.Connection.CreateBatch())
        {
            rest.BatchCommands.Add(new NpgsqlBatchCommand(RequestRows.InsertSteps).With(id, PrivacySteps.Export.ToArray()));
            rest.BatchCommands.Add(outbox.Entry(Messaging.PubSub, PrivacyRequested.Topic, id.ToString("D"), new PrivacyRequested(id, user.Id, "export", now)));
            rest.BatchCommands.Add(RequestRows.Audit(outbox, id, "export_requested", user.Id, id, now));
            await rest.ExecuteNonQueryAsync(ct);
        }

        await work.CommitAsync(ct);
        outbox.Wake();
        return Accepted(id);
    }

    private static Accepted<Answer> Accepted(Guid id)
    {
        var url = $"/api/v1/users/me/exports/{id:D}";
        return TypedResults.Accepted(url, new Answer(id, url));
    }
}
