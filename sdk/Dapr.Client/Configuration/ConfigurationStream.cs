using Dapr.Common;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Client;

/// <summary>A subscription's stream. The first message has the id and no items; leaving the enumeration ends the subscription.</summary>
internal sealed class ConfigurationStream(GrpcCall<Wire.SubscribeConfigurationResponse> call) : ConfigurationSource
{
    private string? _id;

    public override string Id => _id!;

    public static ConfigurationItem Item(Wire.ConfigurationItem item) => new(item.Value, item.Version, item.Metadata.ToDictionary());

    public override async IAsyncEnumerator<IDictionary<string, ConfigurationItem>> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        using var onCancel = cancellationToken.Register(call.Cancel);
        using (call)
        {
            while (await call.NextAsync().ConfigureAwait(false) is { } message)
            {
                _id = message.Id;
                if (message.Items.Count > 0)
                {
                    yield return message.Items.ToDictionary(item => item.Key, item => Item(item.Value));
                }
            }
        }
    }
}
