using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.SseGateway;

/// <summary>Every way this service says no.</summary>
internal static class Problems
{
    private const string Service = "sse-gateway";

    internal static ProblemHttpResult JobNotFound() =>
        Problem.Of(Service, "JOB_NOT_FOUND", 404, "There is no such job.");

    internal static ProblemHttpResult EventsExpired(Guid jobId) =>
        Problem.Of(Service, "EVENTS_EXPIRED", 410, "The events of this job are not kept any more.", $"Read the result: GET /api/v1/scan/{jobId:D}/result");

    internal static ProblemHttpResult JobFinished(string status) =>
        Problem.Of(Service, "JOB_FINISHED", 409, "The job has ended and cannot be cancelled.", $"It is {status}.");

    internal static ProblemHttpResult TooManyStreams(string detail) =>
        Problem.Of(Service, "TOO_MANY_STREAMS", 429, "Too many streams are open.", detail, retryAfter: TimeSpan.FromSeconds(5));

    internal static ProblemHttpResult LastEventIdInvalid() =>
        Problem.Validation(Service, "last_event_id", "This is not the number of an event.");

    internal static ProblemHttpResult Away() =>
        Problem.Of(Service, "OVERLOADED", 503, "The job cannot be read at the moment.", retryAfter: TimeSpan.FromSeconds(2));
}
