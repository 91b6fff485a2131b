#nullable disable
using Dapr;
using Dapr.AspNetCore;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Unwrapping of cloud events.</summary>
public static class DaprApplicationBuilderExtensions
{
    /// <summary>Gives what follows the data of a cloud event instead of the envelope. Put it before whatever reads bodies.</summary>
    public static IApplicationBuilder UseCloudEvents(this IApplicationBuilder builder) =>
        builder.UseCloudEvents(new CloudEventsMiddlewareOptions());

    /// <summary>Gives what follows the data of a cloud event instead of the envelope. Put it before whatever reads bodies.</summary>
    public static IApplicationBuilder UseCloudEvents(this IApplicationBuilder builder, CloudEventsMiddlewareOptions options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        return builder.Use(next => new CloudEventsMiddleware(next, options).InvokeAsync);
    }
}
