using Dapr.Actors;
using Dapr.Actors.Communication;
using Dapr.Actors.Runtime;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>What the sidecar calls to reach actors.</summary>
public static class ActorsEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps GET <c>/dapr/config</c>, the calls, reminders and timers under <c>/actors</c>, deactivation, and <c>/healthz</c> (for anybody,
    /// and after an app's own).
    /// </summary>
    /// <returns>One builder for all of them.</returns>
    /// <exception cref="InvalidOperationException">Actors were not added.</exception>
    public static IEndpointConventionBuilder MapActorsHandlers(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var runtime = endpoints.ServiceProvider.GetService<ActorRuntime>()
            ?? throw new InvalidOperationException("Actors were not added: call AddActors on the services.");
        var health = endpoints.MapHealthChecks("/healthz").WithMetadata(new AllowAnonymousAttribute()).WithDisplayName("Dapr Actors Health Check");
        health.Add(endpoint => ((RouteEndpointBuilder)endpoint).Order = 100);
        return new Together(
        [
            endpoints.MapGet("dapr/config", context => AnswerAsync(context, runtime.WriteConfiguration(), "application/json"))
                .WithDisplayName("Dapr Actors Config"),
            endpoints.MapDelete("actors/{actorTypeName}/{actorId}", context => Manager(runtime, context).DeactivateAsync(Id(context)))
                .WithDisplayName("Dapr Actors Deactivation"),
            endpoints.MapPut("actors/{actorTypeName}/{actorId}/method/{methodName}", context => CallAsync(runtime, context))
                .WithDisplayName("Dapr Actors Invoke"),
            endpoints.MapPut("actors/{actorTypeName}/{actorId}/method/remind/{reminderName}", async context =>
                    await Manager(runtime, context).FireReminderAsync(Id(context), Value(context, "reminderName"), await BodyAsync(context)))
                .WithDisplayName("Dapr Actors Reminder"),
            endpoints.MapPut("actors/{actorTypeName}/{actorId}/method/timer/{timerName}", async context =>
                {
                    var said = await Manager(runtime, context).FireTimerAsync(Id(context), await BodyAsync(context));
                    await AnswerAsync(context, said ? "true"u8.ToArray() : "false"u8.ToArray(), "application/json");
                })
                .WithDisplayName("Dapr Actors Timer"),
            health,
        ]);
    }

    private static async Task CallAsync(ActorRuntime runtime, HttpContext context)
    {
        if (context.Request.Headers.TryGetValue(ReentrancyChain.Header, out var chain))
        {
            ReentrancyChain.Current = chain;
        }

        var method = Value(context, "methodName");
        if (!context.Request.Headers.TryGetValue(RemotingHeaders.Request, out var header))
        {
            var answer = await Manager(runtime, context).CallByNameAsync(Id(context), method, await BodyAsync(context), context.RequestAborted);
            await AnswerAsync(context, answer, contentType: null);
            return;
        }

        byte[] body;
        try
        {
            body = await Manager(runtime, context)
                .CallTypedAsync(Id(context), method, header.ToString(), await BodyAsync(context), context.RequestAborted);
        }
#pragma warning disable CA1031 // Whatever a typed call throws travels back to its caller.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            (var error, body) = RemoteFailure.Write(failure);
            context.Response.Headers[RemotingHeaders.Error] = error;
        }

        await AnswerAsync(context, body, contentType: null);
    }

    private static ActorManager Manager(ActorRuntime runtime, HttpContext context) => runtime.Manager(Value(context, "actorTypeName"));

    private static ActorId Id(HttpContext context) => new(Value(context, "actorId"));

    private static string Value(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    private static async Task<byte[]> BodyAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.ToArray();
    }

    private static async Task AnswerAsync(HttpContext context, byte[] body, string? contentType)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private sealed class Together(IEndpointConventionBuilder[] builders) : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention)
        {
            foreach (var builder in builders)
            {
                builder.Add(convention);
            }
        }
    }
}
