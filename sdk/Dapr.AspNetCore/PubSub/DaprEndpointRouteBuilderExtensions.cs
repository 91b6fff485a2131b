#nullable disable
using System.Text.Json;
using System.Text.Json.Serialization;
using Dapr;
using Dapr.AspNetCore;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Microsoft.AspNetCore.Builder
{
    /// <summary>The endpoint that a sidecar asks for subscriptions.</summary>
    public static class DaprEndpointRouteBuilderExtensions
    {
        private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        };

        /// <summary>Maps GET /dapr/subscribe.</summary>
        public static IEndpointConventionBuilder MapSubscribeHandler(this IEndpointRouteBuilder endpoints) =>
            endpoints.MapSubscribeHandler(options: null);

        /// <summary>Maps GET /dapr/subscribe.</summary>
        public static IEndpointConventionBuilder MapSubscribeHandler(this IEndpointRouteBuilder endpoints, SubscribeOptions options)
        {
            ArgumentNullException.ThrowIfNull(endpoints);
            return endpoints.MapGet("dapr/subscribe", async (HttpContext context) =>
            {
                var source = context.RequestServices.GetRequiredService<EndpointDataSource>();
                var logger = context.RequestServices.GetService<ILoggerFactory>()?.CreateLogger("DaprTopicSubscription");
                var subscriptions = SubscriptionList.From(source.Endpoints, options?.EnableRawPayload == true, logger);
                context.Response.ContentType = "application/json";
                await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
                await JsonSerializer.SerializeAsync(context.Response.Body, subscriptions, Json, context.RequestAborted).ConfigureAwait(false);
            });
        }
    }
}

namespace Dapr
{
    /// <summary>Settings of the subscriptions' endpoint.</summary>
    public class SubscribeOptions
    {
        /// <summary>Messages of every topic may be no cloud events, unless a topic says otherwise.</summary>
        public bool EnableRawPayload { get; set; }
    }
}
