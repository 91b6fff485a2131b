using System.Net.Sockets;
using System.Text.Json;
using Grpc.Core;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using Npgsql;

namespace Eco2.ServiceDefaults;

/// <summary>The one place that turns an exception into an answer.</summary>
internal sealed partial class ProblemTranslator(ServiceIdentity service, IProblemDetailsService problems, ILogger<ProblemTranslator> logger)
    : IExceptionHandler
{
    private static readonly TimeSpan RetryLater = TimeSpan.FromSeconds(2);

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is PoisonMessageException poison)
        {
            // An order to the sidecar: keep it in the dead-letter topic, do not deliver it again.
            Poison(logger, httpContext.Request.Path, poison.Message);
            httpContext.Response.StatusCode = StatusCodes.Status200OK;
            await httpContext.Response.WriteAsJsonAsync(EventAnswer.Drop, cancellationToken);
            return true;
        }

        var problem = Translate(exception, httpContext.Request);
        httpContext.Response.StatusCode = problem.Status!.Value;
        if (problem.Status >= 500)
        {
            if (problem.Status == StatusCodes.Status503ServiceUnavailable)
            {
                DependencyAway(logger, exception, httpContext.Request.Path);
            }
            else
            {
                Unexpected(logger, exception, httpContext.Request.Path);
            }
        }

        return await problems.TryWriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = problem, Exception = exception });
    }

    private ProblemDetails Translate(Exception exception, HttpRequest request) => exception switch
    {
        ProblemException known => known.Problem,
        BadHttpRequestException { StatusCode: StatusCodes.Status400BadRequest } bad => Unreadable(bad.InnerException as JsonException, bad.Message),
        BadHttpRequestException bad => new ProblemDetails { Status = bad.StatusCode },
        JsonException json => Unreadable(json, json.Message),
        // The reader of JSON takes it for a mistake of ours.
        InvalidOperationException when IsInUnknownCharset(request) => new ProblemDetails { Status = StatusCodes.Status415UnsupportedMediaType },
        _ when IsDependencyAway(exception) => Problem.Details(
            service.Name,
            "OVERLOADED",
            StatusCodes.Status503ServiceUnavailable,
            "The service cannot do this at the moment.",
            retryAfter: RetryLater),
        _ => Problem.Details(service.Name, "INTERNAL", StatusCodes.Status500InternalServerError, "Something broke on our side."),
    };

    private ProblemDetails Unreadable(JsonException? json, string message)
    {
        var member = json?.Path?.TrimStart('$').TrimStart('.') is { Length: > 0 } path ? path : "body";
        var why = json switch
        {
            null => message,
            { Message: var m } when m.Contains("could not be mapped", StringComparison.Ordinal) => "This member is not known.",
            { Message: var m } when m.Contains("could not be converted", StringComparison.Ordinal) => "This member has the wrong type.",
            _ => "This is not valid JSON of the expected shape.",
        };
        return Problem.Details(
            service.Name,
            "VALIDATION",
            StatusCodes.Status400BadRequest,
            Problem.ValidationTitle,
            errors: new Dictionary<string, string[]> { [member] = [why] });
    }

    private static bool IsInUnknownCharset(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.Charset.HasValue && type.Encoding is null;

    private static bool IsDependencyAway(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections }:
                case NpgsqlException and not PostgresException:
                case SocketException:
                case HttpRequestException { StatusCode: null }:
                case TimeoutException:
                // A sidecar says Internal when the store or broker behind it breaks.
                case RpcException { StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Internal }:
                    return true;
            }
        }

        return false;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Request {Path} failed")]
    private static partial void Unexpected(ILogger logger, Exception exception, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Request {Path} could not be served, a dependency is away")]
    private static partial void DependencyAway(ILogger logger, Exception exception, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message on {Path} cannot be read and is dropped: {Why}")]
    private static partial void Poison(ILogger logger, string path, string why);
}
