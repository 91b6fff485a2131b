using Dapr.Client;
using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.SseGateway.Jobs;

/// <summary>Asks for an own job to stop. 202 while it is stopping, 204 once it is cancelled, 409 when it ended in another way before.</summary>
internal sealed class CancelJob
{
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/api/v1/jobs/{id}", Handle).WithName(nameof(CancelJob));

    internal static async Task<Results<Accepted, NoContent, ProblemHttpResult>> Handle(
        string id,
        CurrentUser user,
        JobLookup jobs,
        DaprClient dapr,
        TimeProvider clock,
        CancellationToken ct)
    {
        if (!Guid.TryParseExact(id, "D", out var jobId))
        {
            return Problems.JobNotFound();
        }

        string status, kind;
        if (await jobs.ReadAsync(jobId, ct) is { } job)
        {
            if (job.UserId != user.Id)
            {
                return Problems.JobNotFound();
            }

            (status, kind) = (job.Status, job.Kind);
        }
        else
        {
            try
            {
                if (await jobs.RememberedAsync(jobId, user.Id, ct) is not { } view)
                {
                    return Problems.JobNotFound();
                }

                (status, kind) = (view.Status, view.Kind);
            }
            catch (HttpRequestException)
            {
                return Problems.Away();
            }
        }

        if (status == "cancelled")
        {
            return TypedResults.NoContent();
        }

        if (status is "succeeded" or "failed")
        {
            return Problems.JobFinished(status);
        }

        await dapr.PublishEventAsync(
            Messaging.PubSub,
            JobCancelRequested.Topic,
            new JobCancelRequested(jobId, user.Id, kind, clock.GetUtcNow()),
            ct);
        return TypedResults.Accepted($"/api/v1/jobs/{jobId:D}");
    }
}
