using System.Diagnostics.CodeAnalysis;

namespace Dapr.Client;

public abstract partial class DaprClient
{
    /// <summary>Configuration items by key; all of them for no keys, where the store can.</summary>
    public abstract Task<GetConfigurationResponse> GetConfiguration(
        string storeName, IReadOnlyList<string> keys, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Changes of configuration items, for as long as the source is enumerated.</summary>
    public abstract Task<SubscribeConfigurationResponse> SubscribeConfiguration(
        string storeName, IReadOnlyList<string> keys, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Ends a subscription by its id.</summary>
    /// <exception cref="Grpc.Core.RpcException">The call failed.</exception>
    public abstract Task<UnsubscribeConfigurationResponse> UnsubscribeConfiguration(
        string storeName, string id, CancellationToken cancellationToken = default);

    /// <summary>Tries to take a lock, once.</summary>
    [Experimental("DAPR_DISTRIBUTEDLOCK")]
    public abstract Task<TryLockResponse> Lock(
        string storeName, string resourceId, string lockOwner, int expiryInSeconds, CancellationToken cancellationToken = default);

    /// <summary>Gives a lock back.</summary>
    [Experimental("DAPR_DISTRIBUTEDLOCK")]
    public abstract Task<UnlockResponse> Unlock(
        string storeName, string resourceId, string lockOwner, CancellationToken cancellationToken = default);
}
