using System.Text.Json;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Scan.Scans;

/// <summary>What the history knows about a job, for the apps that answer for jobs once the log has expired.</summary>
internal sealed class RecallScan
{
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/internal/scans/{id:guid}", Handle);

    internal static async Task<Results<Ok<JobView>, ProblemHttpResult>> Handle(
        Guid id,
        CurrentUser user,
        NpgsqlDataSource db,
        WireJson json,
        TimeProvider clock,
        IOptions<ScanOptions> options,
        CancellationToken ct)
    {
        if (await ScanRow.FindAsync(db, user.Id, id, json.Options, ct) is not { } row)
        {
            return Problems.ResultNotFound();
        }

        if (!row.IsFinished && clock.GetUtcNow() - row.CreatedAt > options.Value.JobLifetime)
        {
            row = row.Abandoned(row.CreatedAt + options.Value.JobLifetime);
        }

        return TypedResults.Ok(new JobView(
            row.JobId,
            ScanRequested.Kind,
            row.Status,
            row.Status switch { "succeeded" => "done", var status => status },
            row.Status == "succeeded" ? 100 : 0,
            0,
            row.IsFinished ? JsonSerializer.SerializeToElement(row.Document(), json.Options) : null,
            row.Error,
            row.CreatedAt,
            row.FinishedAt));
    }
}
