using System.Diagnostics.CodeAnalysis;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Client;

internal sealed partial class DaprClientGrpc
{
    public override async Task<GetConfigurationResponse> GetConfiguration(
        string storeName, IReadOnlyList<string> keys, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        var request = new Wire.GetConfigurationRequest { StoreName = storeName };
        request.Keys.AddRange(keys ?? []);
        Copy(metadata, request.Metadata);
        var answer = await CallAsync("GetConfiguration", "GetConfiguration", request, Wire.GetConfigurationResponse.Parser, cancellationToken)
            .ConfigureAwait(false);
        return new GetConfigurationResponse(answer.Items.ToDictionary(item => item.Key, item => ConfigurationStream.Item(item.Value)));
    }

    public override Task<SubscribeConfigurationResponse> SubscribeConfiguration(
        string storeName, IReadOnlyList<string> keys, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        var request = new Wire.SubscribeConfigurationRequest { StoreName = storeName };
        request.Keys.AddRange(keys ?? []);
        Copy(metadata, request.Metadata);
        // The call starts now; how it went is for whoever reads it.
        var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var call = _grpc.ServerStreamAsync("SubscribeConfiguration", request, Wire.SubscribeConfigurationResponse.Parser, ended.Token);
        return Task.FromResult(new SubscribeConfigurationResponse(new ConfigurationStream(call, ended)));
    }

    public override async Task<UnsubscribeConfigurationResponse> UnsubscribeConfiguration(
        string storeName, string id, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        ArgumentVerifier.ThrowIfNullOrEmpty(id, nameof(id));
        var request = new Wire.UnsubscribeConfigurationRequest { StoreName = storeName, Id = id };
        var answer = await _grpc.UnaryAsync("UnsubscribeConfiguration", request, Wire.UnsubscribeConfigurationResponse.Parser, cancellationToken)
            .ConfigureAwait(false);
        return new UnsubscribeConfigurationResponse(answer.Ok, answer.Message);
    }

    [Experimental("DAPR_DISTRIBUTEDLOCK")]
    public override async Task<TryLockResponse> Lock(
        string storeName, string resourceId, string lockOwner, int expiryInSeconds, CancellationToken cancellationToken = default)
    {
        CheckLock(storeName, resourceId, lockOwner);
        if (expiryInSeconds <= 0)
        {
            throw new ArgumentException($"The value cannot be zero or less than zero: {expiryInSeconds}");
        }

        var request = new Wire.TryLockRequest
        {
            StoreName = storeName, ResourceId = resourceId, LockOwner = lockOwner, ExpiryInSeconds = expiryInSeconds,
        };
        var answer = await CallAsync("Lock", "TryLockAlpha1", request, Wire.TryLockResponse.Parser, cancellationToken).ConfigureAwait(false);
        return new TryLockResponse { StoreName = storeName, ResourceId = resourceId, LockOwner = lockOwner, Success = answer.Success };
    }

    [Experimental("DAPR_DISTRIBUTEDLOCK")]
    public override async Task<UnlockResponse> Unlock(
        string storeName, string resourceId, string lockOwner, CancellationToken cancellationToken = default)
    {
        CheckLock(storeName, resourceId, lockOwner);
        var request = new Wire.UnlockRequest { StoreName = storeName, ResourceId = resourceId, LockOwner = lockOwner };
        var answer = await CallAsync("Lock", "UnlockAlpha1", request, Wire.UnlockResponse.Parser, cancellationToken).ConfigureAwait(false);
        return new UnlockResponse(Enum.IsDefined((LockStatus)(int)answer.Status)
            ? (LockStatus)(int)answer.Status
            : throw new ArgumentException($"{answer.Status} Status is not supported."));
    }

    private static void CheckLock(string storeName, string resourceId, string lockOwner)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        ArgumentVerifier.ThrowIfNullOrEmpty(resourceId, nameof(resourceId));
        ArgumentVerifier.ThrowIfNullOrEmpty(lockOwner, nameof(lockOwner));
    }
}
