using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Eco2.ServiceDefaults;

/// <summary>How many requests an app works on at a time, how many may wait, and a quick 503 for the rest. Streams are counted apart, since they last;
/// messages and probes are not counted: the sidecar bounds the ones, and nothing may keep the others out.</summary>
/// <remarks>The framework's middleware looks after its partitions ten times a second, also when nobody asks; two plain limiters need no looking after.</remarks>
internal sealed class Intake : IDisposable
{
    private readonly ServiceIdentity service;
    private readonly ConcurrencyLimiter requests;
    private readonly ConcurrencyLimiter streams;

    public Intake(ServiceIdentity service, IConfiguration configuration)
    {
        this.service = service;

        // The edge only passes on: what waits at an app behind it is under way here.
        requests = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = configuration.GetValue("Eco2:MaxRequests", service.IsEdge ? 6000 : 256),
            QueueLimit = configuration.GetValue("Eco2:MaxWaiting", service.IsEdge ? 0 : 2000),
        });
        streams = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = configuration.GetValue("Eco2:MaxStreams", 15_000), QueueLimit = 0 });
    }

    internal static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Intake>();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Limits.MaxConcurrentConnections = builder.Configuration.GetValue("Eco2:MaxConnections", 25_000));
    }

    internal async Task HandleAsync(HttpContext http, RequestDelegate next)
    {
        if (LimiterOf(http.Request) is not { } limiter)
        {
            await next(http);
            return;
        }

        using var lease = await limiter.AcquireAsync(1, http.RequestAborted);
        if (lease.IsAcquired)
        {
            await next(http);
        }
        else
        {
            await Problem
                .Of(service.Name, "OVERLOADED", StatusCodes.Status503ServiceUnavailable, "The service cannot do this at the moment.", "Too many requests wait. Send it again.", retryAfter: TimeSpan.FromSeconds(2))
                .ExecuteAsync(http);
        }
    }

    public void Dispose()
    {
        requests.Dispose();
        streams.Dispose();
    }

    private ConcurrencyLimiter? LimiterOf(HttpRequest request)
    {
        var path = request.Path.Value ?? "";
        return path.StartsWith("/events/", StringComparison.Ordinal) || path is "/healthz" or "/readyz" || path.StartsWith("/dapr/", StringComparison.Ordinal) ? null
            : HttpMethods.IsGet(request.Method) && path.EndsWith("/events", StringComparison.Ordinal) ? streams
            : requests;
    }
}
