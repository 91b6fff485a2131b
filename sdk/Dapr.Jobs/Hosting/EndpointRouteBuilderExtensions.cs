using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Dapr.Jobs.Extensions;

/// <summary>What the runtime calls when a job is due.</summary>
public static class EndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps POST <c>/job/{jobName}</c> for all jobs. Parameters are filled by type: <see cref="string"/> is the job's name,
    /// <see cref="ReadOnlyMemory{T}"/> of bytes the payload, <see cref="CancellationToken"/> fires after <paramref name="timeout"/>, any
    /// other is a service or null. A returned task is awaited and its result ignored; an exception answers 500, and the job's failure
    /// policy decides.
    /// </summary>
    public static IEndpointRouteBuilder MapDaprScheduledJobHandler(this IEndpointRouteBuilder endpoints, Delegate action, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(action);
        endpoints.MapPost("/job/{jobName}", context => RunAsync(context, action, timeout));
        return endpoints;
    }

    private static async Task RunAsync(HttpContext context, Delegate action, TimeSpan? timeout)
    {
        var name = (string)context.Request.RouteValues["jobName"]!;
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var payload = new ReadOnlyMemory<byte>(body.ToArray());
        using var limit = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan);
        var arguments = action.Method.GetParameters().Select(parameter => parameter.ParameterType switch
        {
            var type when type == typeof(string) => name,
            var type when type == typeof(ReadOnlyMemory<byte>) => payload,
            var type when type == typeof(CancellationToken) => limit.Token,
            var type => context.RequestServices.GetService(type),
        });
        if (action.DynamicInvoke([.. arguments]) is Task task)
        {
            await task;
        }
    }
}
