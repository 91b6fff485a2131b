using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Eco2.ServiceDefaults;

/// <summary>Lets in only the app's own sidecar, which shows APP_API_TOKEN. Without it an app would believe anybody's identity headers.
/// Probes are exempt; the edge guards only what its sidecar calls.</summary>
internal sealed class AppTokenGuard
{
    private readonly RequestDelegate next;
    private readonly ServiceIdentity service;
    private readonly byte[]? expected;

    public AppTokenGuard(RequestDelegate next, ServiceIdentity service, IConfiguration configuration)
    {
        (this.next, this.service) = (next, service);
        var token = configuration["APP_API_TOKEN"];
        if (!string.IsNullOrEmpty(token))
        {
            expected = SHA256.HashData(Encoding.UTF8.GetBytes(token));
        }
        else if (!service.IsEdge && !ListensOnLoopbackOnly(configuration))
        {
            throw new InvalidOperationException("Set APP_API_TOKEN: this app listens beyond this machine and would believe anybody's identity headers.");
        }
    }

    public Task InvokeAsync(HttpContext http)
    {
        if (expected is null || !IsGuarded(http.Request.Path) || IsSidecar(http.Request))
        {
            return next(http);
        }

        throw new ProblemException(Problem.Details(service.Name, "UNAUTHORIZED", StatusCodes.Status401Unauthorized, "Only the sidecar of this app may call it."));
    }

    private bool IsGuarded(PathString path) => service.IsEdge
        ? path.StartsWithSegments("/dapr") || path.StartsWithSegments("/events")
        : !(path.Equals("/healthz", StringComparison.Ordinal) || path.Equals("/readyz", StringComparison.Ordinal));

    // Hashes have one length, so the comparison takes one time.
    private bool IsSidecar(HttpRequest request) =>
        request.Headers["dapr-api-token"] is [{ } token]
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(token)), expected);

    private static bool ListensOnLoopbackOnly(IConfiguration configuration) =>
        (configuration[WebHostDefaults.ServerUrlsKey] ?? "http://127.0.0.1")
            .Split(';', StringSplitOptions.RemoveEmptyEntries)
            .All(url => Uri.TryCreate(url, UriKind.Absolute, out var uri)
                && (uri.IsLoopback || (IPAddress.TryParse(uri.Host, out var ip) && IPAddress.IsLoopback(ip))));
}
