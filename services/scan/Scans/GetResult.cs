using System.Text.Json;
using Dapr.Client;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Scan.Scans;

/// <summary>The result of an own scan: 200 once it has ended, however it ended; 202 before.</summary>
internal sealed class GetResult
{
    internal static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/{id}/result", Handle).WithName(nameof(GetResult));
        // The Location of an accepted scan.
        routes.MapGet("/{id}", Handle);
    }

    internal static async Task<Results<Ok<ScanResult>, Accepted<ScanProgress>, ProblemHttpResult>> Handle(
        string id,
        CurrentUser user,
        HttpResponse response,
        NpgsqlDataSource db,
        DaprClient dapr,
        WireJson json,
        TimeProvider clock,
        IOptions<ScanOptions> options,
        CancellationToken ct)
    {
        if (!Guid.TryParseExact(id, "D", out var jobId) || await ScanRow.FindAsync(db, user.Id, jobId, json.Options, ct) is not { } row)
        {
            return Problems.ResultNotFound();
        }

        if (row.IsFinished)
        {
            return TypedResults.Ok(row.Document());
        }

        var job = await dapr.GetStateAsync<JobDocument?>(JobDocument.Store, JobDocument.KeyOf(jobId), cancellationToken: ct);
        if (job is null && clock.GetUtcNow() - row.CreatedAt > options.Value.JobLifetime)
        {
            return TypedResults.Ok(row.Abandoned(row.CreatedAt + options.Value.JobLifetime).Document());
        }

        if (job?.IsFinished() == true)
        {
            // The log knows; the history hears of it in a moment.
            var last = job.Events[^1];
            var known = row with { Status = job.Status, Error = last.Error, FinishedAt = job.FinishedAt, Result = last.Result?.Deserialize<ScanResult>(json.Options) };
            return TypedResults.Ok(known.Document());
        }

        response.Headers.RetryAfter = "2";
        var caption = job is null or { Status: "queued" } ? "차례를 기다리고 있어요." : "사진을 살펴보고 있어요.";
        return TypedResults.Accepted((string?)null, new ScanProgress(jobId, "processing", caption, job?.Stage ?? "queued", job?.Progress ?? 0));
    }
}
