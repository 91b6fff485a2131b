using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Eco2.ServiceDefaults;

/// <summary>How many requests an app works on at a time, how many may wait, and a quick 503 for the rest. Streams are counted apart, since they last;
/// messages and probes are not counted: the sidecar bounds the ones, and nothing may keep the others out.</summary>
internal static class Intake
{
    private enum Kind
    {
        Request,
        Stream,
        Exempt,
    }

    internal static void AddIntake(this WebApplicationBuilder builder, ServiceIdentity service)
    {
        // The edge only passes on: what waits at an app behind it is under way here.
        var configuration = builder.Configuration;
        var requests = new ConcurrencyLimiterOptions
        {
            PermitLimit = configuration.GetValue("Eco2:MaxRequests", service.IsEdge ? 6000 : 256),
            QueueLimit = configuration.GetValue("Eco2:MaxWaiting", service.IsEdge ? 0 : 2000),
        };
        var streams = new ConcurrencyLimiterOptions { PermitLimit = configuration.GetValue("Eco2:MaxStreams", 15_000), QueueLimit = 0 };
        builder.Services.AddRateLimiter(limiter =>
        {
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, Kind>(http => KindOf(http.Request) switch
            {
                Kind.Request => RateLimitPartition.GetConcurrencyLimiter(Kind.Request, _ => requests),
                Kind.Stream => RateLimitPartition.GetConcurrencyLimiter(Kind.Stream, _ => streams),
                var exempt => RateLimitPartition.GetNoLimiter(exempt),
            });
            limiter.OnRejected = async (rejected, _) => await Problem
                .Of(service.Name, "OVERLOADED", StatusCodes.Status503ServiceUnavailable, "The service cannot do this at the moment.", "Too many requests wait. Send it again.", retryAfter: TimeSpan.FromSeconds(2))
                .ExecuteAsync(rejected.HttpContext);
        });
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxConcurrentConnections = configuration.GetValue("Eco2:MaxConnections", 25_000));
    }

    private static Kind KindOf(HttpRequest request)
    {
        var path = request.Path.Value ?? "";
        return path.StartsWith("/events/", StringComparison.Ordinal) || path is "/healthz" or "/readyz" || path.StartsWith("/dapr/", StringComparison.Ordinal) ? Kind.Exempt
            : HttpMethods.IsGet(request.Method) && path.EndsWith("/events", StringComparison.Ordinal) ? Kind.Stream
            : Kind.Request;
    }
}
