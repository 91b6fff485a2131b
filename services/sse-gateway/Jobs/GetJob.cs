using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.SseGateway.Jobs;

/// <summary>Status, snapshot and result of an own job, for clients that poll.</summary>
internal sealed class GetJob
{
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/v1/jobs/{id}", Handle).WithName(nameof(GetJob));

    internal static async Task<Results<Ok<JobView>, ProblemHttpResult>> Handle(string id, CurrentUser user, JobLookup jobs, CancellationToken ct)
    {
        if (!Guid.TryParseExact(id, "D", out var jobId))
        {
            return Problems.JobNotFound();
        }

        if (await jobs.ReadAsync(jobId, ct) is { } job)
        {
            if (job.UserId != user.Id)
            {
                return Problems.JobNotFound();
            }

            var view = JobLookup.View(job);
            return TypedResults.Ok(view with { Result = await jobs.WithWordsAsync(jobId, view.Result, ct) });
        }

        try
        {
            return await jobs.RememberedAsync(jobId, user.Id, ct) is { } remembered ? TypedResults.Ok(remembered) : Problems.JobNotFound();
        }
        catch (HttpRequestException)
        {
            return Problems.Away();
        }
    }
}
