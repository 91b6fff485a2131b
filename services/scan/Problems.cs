using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Scan;

/// <summary>Every way this service says no.</summary>
internal static class Problems
{
    private const string Service = "scan";

    internal static ProblemHttpResult Invalid(string member, string why) => Problem.Validation(Service, member, why);

    internal static ProblemHttpResult ImageUrlRequired() =>
        Problem.Of(Service, "IMAGE_URL_REQUIRED", 400, "Say which picture: image_key or image_url.");

    internal static ProblemHttpResult ImageHostNotAllowed() =>
        Problem.Of(Service, "IMAGE_HOST_NOT_ALLOWED", 422, "Pictures are read from this service only.", "Upload the picture first and send its image_key.");

    internal static ProblemHttpResult ImageNotFound() =>
        Problem.Of(Service, "IMAGE_NOT_FOUND", 404, "There is no such picture.");

    internal static ProblemHttpResult UnsupportedModel(IReadOnlyList<string> supported)
    {
        var problem = Problem.Of(
            Service,
            "UNSUPPORTED_MODEL",
            400,
            "The model is not offered.",
            errors: new Dictionary<string, string[]> { ["model"] = [$"Choose one of: {string.Join(", ", supported)}."] });
        problem.ProblemDetails.Extensions["supported_models"] = supported;
        return problem;
    }

    internal static ProblemHttpResult IdempotencyMismatch() =>
        Problem.Of(Service, "IDEMPOTENCY_MISMATCH", 409, "This Idempotency-Key was used for another request.");

    internal static ProblemHttpResult ResultNotFound() =>
        Problem.Of(Service, "RESULT_NOT_FOUND", 404, "There is no such scan.");

    internal static ProblemHttpResult NotFinished() =>
        Problem.Of(Service, "CONFLICT", 409, "The scan is not in the history yet.");

    internal static ProblemHttpResult TooManyInFlight(int most) =>
        Problem.Of(Service, "RATE_LIMITED", 429, "Too many of your scans are running.", $"At most {most} at a time; wait for one to end.", retryAfter: TimeSpan.FromSeconds(3));

    internal static ProblemHttpResult Full() =>
        Problem.Of(Service, "OVERLOADED", 503, "The service cannot do this at the moment.", "It is full. Nothing was accepted; send it again.", retryAfter: TimeSpan.FromSeconds(3));

    internal static ProblemHttpResult Away(string what) =>
        Problem.Of(Service, "OVERLOADED", 503, "The service cannot do this at the moment.", what, retryAfter: TimeSpan.FromSeconds(2));
}
