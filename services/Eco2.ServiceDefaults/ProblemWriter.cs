using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;

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
            Problem.Name(problem, service.Name);
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
}
