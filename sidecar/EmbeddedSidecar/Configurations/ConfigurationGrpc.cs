using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Grpc;
using Item = EmbeddedSidecar.Configurations.RedisConfiguration.Item;

namespace EmbeddedSidecar.Configurations;

/// <summary>Configuration over gRPC: a subscription is a stream and lives as long as that.</summary>
internal static class ConfigurationGrpc
{
    public static void Map(GrpcRoutes routes)
    {
        foreach (var suffix in (string[])["", "Alpha1"])
        {
            const string service = "/dapr.proto.runtime.v1.Dapr/";
            routes.MapUnary(service + "GetConfiguration" + suffix, GetConfigurationRequest.Parser, GetAsync);
            routes.MapServerStream<SubscribeConfigurationRequest, SubscribeConfigurationResponse>(
                service + "SubscribeConfiguration" + suffix, SubscribeConfigurationRequest.Parser, SubscribeAsync);
            routes.MapUnary(service + "UnsubscribeConfiguration" + suffix, UnsubscribeConfigurationRequest.Parser, UnsubscribeAsync);
        }
    }

    private static async Task<GetConfigurationResponse> GetAsync(GrpcCall call, GetConfigurationRequest request)
    {
        var response = new GetConfigurationResponse();
        Add(await ConfigurationApi.GetAsync(call.App, request.StoreName, request.Keys, call.Aborted), response.Items);
        return response;
    }

    private static async Task SubscribeAsync(GrpcCall call, SubscribeConfigurationRequest request, GrpcWriter<SubscribeConfigurationResponse> stream)
    {
        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var id = await ConfigurationApi.SubscribeAsync(call.App, request.StoreName, request.Keys, ChangedAsync, call.Aborted);
        var store = ConfigurationApi.Find(call.App, request.StoreName);
        try
        {
            await stream.WriteAsync(new SubscribeConfigurationResponse { Id = id }, call.Aborted);
            opened.SetResult();
            await store.EndOf(id).WaitAsync(call.Aborted);
        }
        finally
        {
            await store.UnsubscribeAsync(id);
        }

        // The first message is the id alone: clients take one without items for that.
        async Task ChangedAsync(string subscription, IReadOnlyDictionary<string, Item> items, CancellationToken ct)
        {
            await opened.Task.WaitAsync(ct);
            var response = new SubscribeConfigurationResponse { Id = subscription };
            Add(items, response.Items);
            await stream.WriteAsync(response, ct);
        }
    }

    private static async Task<UnsubscribeConfigurationResponse> UnsubscribeAsync(GrpcCall call, UnsubscribeConfigurationRequest request)
    {
        var failed = await ConfigurationApi.UnsubscribeAsync(call.App, request.StoreName, request.Id);
        return new UnsubscribeConfigurationResponse { Ok = failed is null, Message = failed ?? "" };
    }

    private static void Add(IReadOnlyDictionary<string, Item> items, Google.Protobuf.Collections.MapField<string, ConfigurationItem> to)
    {
        foreach (var (key, item) in items)
        {
            to[key] = new ConfigurationItem { Value = item.Value, Version = item.Version };
        }
    }
}
