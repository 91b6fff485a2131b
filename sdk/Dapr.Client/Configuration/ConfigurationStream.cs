using Dapr.Common;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Client;

/// <summary>A subscription's stream. The first message has the id and no items; leaving the enumeration ends the subscription.</summary>
internal sealed class ConfigurationStream(Task<GrpcCall<Wire.SubscribeConfigurationResponse>> starting, CancellationTokenSource ended) : ConfigurationSource
{
    private string _id = "";

    public override string Id => _id;

    public static ConfigurationItem Item(Wire.ConfigurationItem item) => new(item.Value, item.Version, item.Metadata.ToDictionary());

    public override async IAsyncEnumerator<IDictionary<string, ConfigurationItem>> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        using (ended)
        {
            using var onCancel = cancellationToken.Register(ended.Cancel);
            using var call = await starting.ConfigureAwait(false);
            while (await call.NextAsync().ConfigureAwait(false) is { } message)
            {
                _id = _id.Length == 0 ? message.Id : _id;
                yield return message.Items.ToDictionary(item => item.Key, item => Item(item.Value));
            }
        }
    }
}
