using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.My;

/// <summary>Every way this service says no; the README lists the same.</summary>
internal static class Problems
{
    public static ProblemHttpResult Invalid(string member, string message) => Problem.Validation("my", member, message);

    public static ProblemHttpResult Forbidden() => Problem.Of("my", "FORBIDDEN", 403, "This is for admins.");

    public static ProblemHttpResult DeadLetterNotFound() => Problem.Of("my", "DEAD_LETTER_NOT_FOUND", 404, "There is no such dead letter.");

    public static ProblemHttpResult ExportNotFound() => Problem.Of("my", "EXPORT_NOT_FOUND", 404, "There is no such export, or it has expired.");

    public static ProblemHttpResult DeletionNotFound() => Problem.Of("my", "DELETION_NOT_FOUND", 404, "There is no such receipt.");

    public static ProblemHttpResult PreconditionFailed() => Problem.Of("my", "PRECONDITION_FAILED", 412, "It has changed meanwhile.", "Read it again and repeat the change.");

    public static ProblemHttpResult PreconditionRequired() => Problem.Of("my", "PRECONDITION_REQUIRED", 428, "Say which version is changed.", "Send the ETag that its GET gave as If-Match, or * for whatever is there.");

    public static ProblemHttpResult BrokerAway() => Problem.Of(
        "my", "OVERLOADED", 503, "The service cannot do this at the moment.", "The message could not be published; the letter is as it was.", retryAfter: TimeSpan.FromSeconds(2));

    public static ProblemHttpResult NoChangesProvided() => Problem.Of("my", "NO_CHANGES_PROVIDED", 422, "There is nothing to change.");

    public static ProblemHttpResult InvalidPhoneNumber() => Problem.Of(
        "my", "INVALID_PHONE_NUMBER", 422, "This is not a Korean mobile number.", "Write it as 010-1234-5678 or +82 10 1234 5678.");

    public static ProblemHttpResult PhoneInUse() => Problem.Of("my", "PHONE_IN_USE", 409, "Another account uses this phone number.");

    /// <summary>Told apart from "not yours" only for the own account: its registration has not arrived here yet.</summary>
    public static ProblemHttpResult UserNotFound() => Problem.Of("my", "USER_NOT_FOUND", 404, "There is no profile yet.");
}
