using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Resiliency;
using Google.Protobuf;

namespace EmbeddedSidecar.Locks;

/// <summary>The distributed lock: one API over HTTP and gRPC, both alpha as in Dapr.</summary>
internal sealed class LockBlock : IBuildingBlock
{
    private static readonly JsonFormatter _allMembers = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithFormatEnumsAsIntegers(true));

    public void AddComponents(ComponentRegistry types) => types.Add("lock.redis", context => new RedisLock(context));

    public void MapHttp(HttpRoutes routes)
    {
        routes.Map("POST", "/v1.0-alpha1/lock/{store}", async call =>
        {
            var request = await ProtobufJson.ReadAsync<TryLockRequest>(call);
            request.StoreName = call.Args[0];
            await ProtobufJson.AnswerAsync(call, await TryLockAsync(call.App, request, call.Aborted), _allMembers);
        });
        routes.Map("POST", "/v1.0-alpha1/unlock/{store}", async call =>
        {
            var request = await ProtobufJson.ReadAsync<UnlockRequest>(call);
            request.StoreName = call.Args[0];
            await ProtobufJson.AnswerAsync(call, await UnlockAsync(call.App, request, call.Aborted), _allMembers);
        });
    }

    public void MapGrpc(GrpcRoutes routes)
    {
        const string service = "/dapr.proto.runtime.v1.Dapr/";
        routes.MapUnary(service + "TryLockAlpha1", TryLockRequest.Parser, (call, request) => TryLockAsync(call.App, request, call.Aborted));
        routes.MapUnary(service + "UnlockAlpha1", UnlockRequest.Parser, (call, request) => UnlockAsync(call.App, request, call.Aborted));
    }

    private static async Task<TryLockResponse> TryLockAsync(AppInstance app, TryLockRequest request, CancellationToken ct)
    {
        if (request.ExpiryInSeconds <= 0)
        {
            throw DaprException.Malformed($"ExpiryInSeconds is not positive in lock store {request.StoreName}");
        }

        var store = Find(app, request.StoreName, request.ResourceId, request.LockOwner);
        return new TryLockResponse
        {
            Success = await RunAsync(
                app,
                request.StoreName,
                request.ResourceId,
                token => store.TryLockAsync(request.ResourceId, request.LockOwner, request.ExpiryInSeconds, token),
                why => new DaprException("ERR_TRY_LOCK", 500, StatusCode.Internal, $"failed to try acquiring lock: {why}"),
                ct),
        };
    }

    private static async Task<UnlockResponse> UnlockAsync(AppInstance app, UnlockRequest request, CancellationToken ct)
    {
        var store = Find(app, request.StoreName, request.ResourceId, request.LockOwner);
        return new UnlockResponse
        {
            Status = await RunAsync(
                app,
                request.StoreName,
                request.ResourceId,
                token => store.UnlockAsync(request.ResourceId, request.LockOwner, token),
                why => new DaprException("ERR_UNLOCK", 500, StatusCode.Internal, $"failed to release lock: {why}"),
                ct),
        };
    }

    private static RedisLock Find(AppInstance app, string name, string resource, string owner)
    {
        if (!app.ComponentsOf<RedisLock>().Any())
        {
            throw new DaprException("ERR_LOCK_STORE_NOT_CONFIGURED", 500, StatusCode.FailedPrecondition, "lock store is not configured");
        }

        if (resource.Length == 0 || owner.Length == 0)
        {
            throw DaprException.Malformed($"{(resource.Length == 0 ? "ResourceId" : "LockOwner")} is empty in lock store {name}");
        }

        return app.Components.GetValueOrDefault(name)?.Component as RedisLock
            ?? throw new DaprException("ERR_LOCK_STORE_NOT_FOUND", 400, StatusCode.InvalidArgument, $"lock store {name} not found");
    }

    private static async ValueTask<T> RunAsync<T>(
        AppInstance app, string name, string resource, Func<CancellationToken, ValueTask<T>> attempt, Func<string, DaprException> failed, CancellationToken ct)
    {
        if (resource.Contains(RedisLock.Separator, StringComparison.Ordinal))
        {
            throw failed($"input key/keyPrefix '{resource}' can't contain '{RedisLock.Separator}'");
        }

        try
        {
            return await app.Resiliency.ForComponentOutbound(name, "Lock").RunAsync(attempt, ct);
        }
        catch (Exception broken) when (broken is BackendException or TimeoutException or CircuitOpenException)
        {
            throw failed(broken.Message);
        }
    }
}
