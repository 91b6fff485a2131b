using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Eco2.ServiceDefaults;

/// <summary>Writes every problem, whatever the caller accepts: a stream client or an img tag still gets to know why.</summary>
internal sealed class ProblemWriter(ServiceIdentity service) : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => true;

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var http = context.HttpContext;
        var problem = context.ProblemDetails;
        problem.Status ??= http.Response.StatusCode;
        if (!problem.Extensions.ContainsKey("code"))
        {
            Name(problem, service.Name);
        }

        if (problem.Extensions.Remove(Problem.RetryAfterKey, out var seconds))
        {
            http.Response.Headers.RetryAfter = Convert.ToString(seconds, CultureInfo.InvariantCulture);
        }

        problem.Extensions["traceId"] = Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier;
        http.Response.StatusCode = problem.Status.Value;
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.WriteAsJsonAsync(problem, options: null, contentType: "application/problem+json", http.RequestAborted);
    }

    /// <summary>Statuses that the framework sets itself, without a body.</summary>
    private static void Name(ProblemDetails problem, string service)
    {
        var (code, title) = problem.Status switch
        {
            400 => ("VALIDATION", Problem.ValidationTitle),
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
        problem.Type = Problem.TypeOf(service, code);
        problem.Title = title;
        problem.Extensions["code"] = code;
    }
}
