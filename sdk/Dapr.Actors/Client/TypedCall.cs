using Dapr.Actors.Communication;

namespace Dapr.Actors.Client;

/// <summary>One method of an actor interface on the caller's side: arguments into a request, the answer into a task of the right type.</summary>
internal abstract class TypedCall(RemotedMethod method)
{
    private const string ContentType = "application/octet-stream; charset=utf-8";

    public static TypedCall Of(RemotedMethod method) => (TypedCall)Activator.CreateInstance(
        typeof(TypedCall<>).MakeGenericType(method.ResultType ?? typeof(object)), method)!;

    public abstract Task Send(SidecarActors sidecar, BodyFormat format, ActorId id, string type, object?[] arguments);

    protected async Task<object?> SendAsync(SidecarActors sidecar, BodyFormat format, ActorId id, string type, object?[] arguments)
    {
        var (body, token) = method.Pack(arguments);
        var header = new ActorRequestHeader
        {
            ActorId = id,
            ActorType = type,
            InterfaceId = method.InterfaceId,
            MethodId = method.Id,
            MethodName = method.Name,
            CallContext = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString(),
        };
        var (error, answer) = await sidecar.InvokeAsync(
            type,
            id.ToString(),
            method.Name,
            body is null ? null : format.Write(body),
            ContentType,
            RemotingHeaders.Write(header),
            token).ConfigureAwait(false);
        if (error is not null)
        {
            throw RemoteFailure.Read(error, answer);
        }

        return method.ResponseBody is { } shape ? method.Unpack(format.Read(answer, shape)) : null;
    }
}

internal sealed class TypedCall<TResult>(RemotedMethod method) : TypedCall(method)
{
    public override Task Send(SidecarActors sidecar, BodyFormat format, ActorId id, string type, object?[] arguments) =>
        AsResult(SendAsync(sidecar, format, id, type, arguments));

    private static async Task<TResult> AsResult(Task<object?> call) => (TResult)(await call.ConfigureAwait(false))!;
}
