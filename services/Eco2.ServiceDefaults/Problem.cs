using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Eco2.ServiceDefaults;

/// <summary>How every service says no: RFC 9457, <c>type</c> = <c>urn:eco2:{service}:{kebab-case}</c>, <c>code</c> repeats it in UPPER_SNAKE.</summary>
public static class Problem
{
    internal const string RetryAfterKey = "retryAfter";

    /// <param name="service">Whose problem it is, the app id.</param>
    /// <param name="code">UPPER_SNAKE; the type is made from it.</param>
    /// <param name="status">HTTP status.</param>
    /// <param name="title">Fixed per code.</param>
    /// <param name="detail">For this time.</param>
    /// <param name="errors">Per member, for 400.</param>
    /// <param name="retryAfter">Sent as the header Retry-After; chance lengthens it to at most twice as much.</param>
    public static ProblemHttpResult Of(
        string service,
        string code,
        int status,
        string title,
        string? detail = null,
        IReadOnlyDictionary<string, string[]>? errors = null,
        TimeSpan? retryAfter = null) =>
        TypedResults.Problem(Details(service, code, status, title, detail, errors, retryAfter));

    /// <summary>400 VALIDATION with what is wrong per member.</summary>
    public static ProblemHttpResult Validation(string service, IReadOnlyDictionary<string, string[]> errors) =>
        Of(service, "VALIDATION", StatusCodes.Status400BadRequest, ValidationTitle, errors: errors);

    /// <summary>400 VALIDATION for one member.</summary>
    public static ProblemHttpResult Validation(string service, string member, string message) =>
        Validation(service, new Dictionary<string, string[]> { [member] = [message] });

    internal const string ValidationTitle = "The request is not valid.";

    internal static ProblemDetails Details(
        string service,
        string code,
        int status,
        string title,
        string? detail = null,
        IReadOnlyDictionary<string, string[]>? errors = null,
        TimeSpan? retryAfter = null)
    {
        var details = new ProblemDetails
        {
            Type = TypeOf(service, code),
            Title = title,
            Status = status,
            Detail = detail,
            Extensions = { ["code"] = code },
        };
        if (errors is not null)
        {
            details.Extensions["errors"] = errors;
        }

        if (retryAfter is { } wait)
        {
            // Chance adds up to as much again: those who are refused together must not come back together.
            details.Extensions[RetryAfterKey] = (int)Math.Ceiling(wait.TotalSeconds * (1 + Random.Shared.NextDouble()));
        }

        return details;
    }

    /// <summary>Names a status that the framework set itself, without a body.</summary>
    public static void Name(ProblemDetails problem, string service)
    {
        var (code, title) = problem.Status switch
        {
            400 => ("VALIDATION", ValidationTitle),
            401 => ("UNAUTHORIZED", "Sign in first."),
            403 => ("FORBIDDEN", "This is not allowed."),
            404 => ("NOT_FOUND", "There is nothing here."),
            405 => ("METHOD_NOT_ALLOWED", "This resource does not know the method."),
            409 => ("CONFLICT", "The present state does not allow it."),
            413 => ("TOO_LARGE", "The request is too large."),
            415 => ("UNSUPPORTED_MEDIA", "The content type is not supported here."),
            422 => ("UNPROCESSABLE", "A rule does not allow it."),
            429 => ("RATE_LIMITED", "Too many requests."),
            503 => ("OVERLOADED", "The service cannot do this at the moment."),
            >= 500 => ("INTERNAL", "Something broke on our side."),
            _ => ("REQUEST_FAILED", "The request could not be served."),
        };
        problem.Type = TypeOf(service, code);
        problem.Title = title;
        problem.Extensions["code"] = code;
    }

    /// <summary>The URN of a code.</summary>
    public static string TypeOf(string service, string code) => $"urn:eco2:{service}:{code.ToLowerInvariant().Replace('_', '-')}";
}

/// <summary>A problem found where nothing can be returned, such as while binding a parameter.</summary>
public sealed class ProblemException : Exception
{
    /// <param name="problem">What to answer.</param>
    public ProblemException(ProblemHttpResult problem)
        : base(problem.ProblemDetails.Title) => Problem = problem.ProblemDetails;

    internal ProblemException(ProblemDetails problem)
        : base(problem.Title) => Problem = problem;

    /// <summary>What to answer.</summary>
    public ProblemDetails Problem { get; }
}
