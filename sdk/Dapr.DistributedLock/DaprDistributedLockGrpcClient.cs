using Dapr.Common;
using Dapr.DistributedLock.Models;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.DistributedLock;

internal sealed class DaprDistributedLockGrpcClient(GrpcChannel channel, HttpClient http, string? apiToken) : DaprDistributedLockClient
{
    private readonly GrpcInvoker _grpc = new(channel, "dapr.proto.runtime.v1.Dapr", apiToken);

    public override async Task<LockResponse?> TryLockAsync(
        string storeName, string resourceId, string lockOwner, int expiryInSeconds, CancellationToken cancellationToken = default)
    {
        CheckNames(storeName, resourceId, lockOwner);
        if (expiryInSeconds <= 0)
        {
            throw new ArgumentOutOfRangeException(nameof(expiryInSeconds), expiryInSeconds, "The value cannot be less than or equal to zero.");
        }

        var request = new Wire.TryLockRequest
        {
            StoreName = storeName,
            ResourceId = resourceId,
            LockOwner = lockOwner,
            ExpiryInSeconds = expiryInSeconds,
        };
        var answer = await CallAsync("TryLockAlpha1", request, Wire.TryLockResponse.Parser, cancellationToken).ConfigureAwait(false);
        return answer.Success ? new LockResponse(this) { StoreName = storeName, ResourceId = resourceId, LockOwner = lockOwner } : null;
    }

    public override async Task<UnlockResponse> TryUnlockAsync(
        string storeName, string resourceId, string lockOwner, CancellationToken cancellationToken = default)
    {
        CheckNames(storeName, resourceId, lockOwner);
        var request = new Wire.UnlockRequest { StoreName = storeName, ResourceId = resourceId, LockOwner = lockOwner };
        var answer = await CallAsync("UnlockAlpha1", request, Wire.UnlockResponse.Parser, cancellationToken).ConfigureAwait(false);
        return new UnlockResponse(FromWire(answer.Status));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            channel.Dispose();
            http.Dispose();
        }

        base.Dispose(disposing);
    }

    private static LockStatus FromWire(Wire.UnlockResponse.Types.Status status) => status switch
    {
        Wire.UnlockResponse.Types.Status.Success => LockStatus.Success,
        Wire.UnlockResponse.Types.Status.LockDoesNotExist => LockStatus.LockDoesNotExist,
        Wire.UnlockResponse.Types.Status.LockBelongsToOthers => LockStatus.LockBelongsToOthers,
        Wire.UnlockResponse.Types.Status.InternalError => LockStatus.InternalError,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, $"Status '{status}' is not supported"),
    };

    private static void CheckNames(string storeName, string resourceId, string lockOwner)
    {
        ArgumentException.ThrowIfNullOrEmpty(storeName);
        ArgumentException.ThrowIfNullOrEmpty(resourceId);
        ArgumentException.ThrowIfNullOrEmpty(lockOwner);
    }

    private async Task<TResponse> CallAsync<TResponse>(string method, IMessage request, MessageParser<TResponse> parser, CancellationToken ct)
        where TResponse : class, IMessage<TResponse>
    {
        try
        {
            return await _grpc.UnaryAsync(method, request, parser, ct).ConfigureAwait(false);
        }
        catch (RpcException failure)
        {
            throw new DaprException("Lock operation failed: the Dapr endpoint indicated a failure. See InnerException for details.", failure);
        }
    }
}
