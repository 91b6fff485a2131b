using EmbeddedSidecar.Api;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Actors;

/// <summary>A call of an actor failed; the message is what the caller is told.</summary>
internal class ActorCallException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The app has no such method (it answered 404): asking again is of no use.</summary>
internal sealed class ActorMethodMissingException(string path) : ActorCallException($"actor method not found: {path}"), Resiliency.IPermanentFailure;

/// <summary>Nobody hosts actors of this type now.</summary>
internal sealed class NoActorHostException(ActorKey actor)
    : ActorCallException($"failed to lookup actor: api error: code = FailedPrecondition desc = did not find address for actor '{actor.Type}/{actor.Id}'");

/// <summary>Refusals of the actor API, in Dapr's words.</summary>
internal static class ActorErrors
{
    /// <exception cref="DaprException">The type is one of those that belong to the runtime.</exception>
    public static void CheckType(string type)
    {
        if (IsReserved(type))
        {
            throw new DaprException(
                "ERR_ACTOR_TYPE_RESERVED", 403, StatusCode.PermissionDenied,
                $"actor type \"{type}\" is reserved for the Dapr workflow runtime; direct actor API access is not permitted");
        }
    }

    public static bool IsReserved(string type) => type.StartsWith("dapr.internal.", StringComparison.Ordinal);

    public static DaprException BadRequest(string why) => new("ERR_BAD_REQUEST", 400, StatusCode.InvalidArgument, $"invalid request: {why}");

    public static DaprException StackDepth() =>
        new("ERR_ACTOR_STACK_DEPTH", 500, StatusCode.ResourceExhausted, "maximum stack depth exceeded");

    // Dapr's gRPC side passes the code of a failed lookup on, its HTTP side does not.
    public static DaprException Invoke(Exception failed) =>
        Failed("ERR_ACTOR_INVOKE_METHOD", "error invoke actor method", failed, failed is NoActorHostException ? StatusCode.FailedPrecondition : StatusCode.Internal);

    public static DaprException NoStore() => new(
        "ERR_ACTOR_RUNTIME_NOT_FOUND", 500, StatusCode.Internal,
        "the state store is not configured to use the actor runtime. Have you set the - name: actorStateStore value: \"true\" in your state store component file?");

    public static DaprException NotActive() => new("ERR_ACTOR_INSTANCE_MISSING", 400, StatusCode.Internal, "actor instance is missing");

    public static DaprException NotHosted() => new(
        "ERR_ACTOR_REMINDER_NON_HOSTED", 403, StatusCode.PermissionDenied, "operations on actor reminders are only possible on hosted actor types");

    public static DaprException NoReminder(string name) =>
        new("ERR_ACTOR_REMINDER_NOT_FOUND", 404, StatusCode.NotFound, $"actor reminder not found: {name}");

    public static DaprException ReminderExists(string name) =>
        new("ERR_ACTOR_REMINDER_ALREADY_EXISTS", 409, StatusCode.AlreadyExists, $"actor reminder already exists: {name}");

    /// <param name="what">As in Dapr's texts: "error creating actor reminder".</param>
    public static DaprException Failed(string code, string what, Exception failed, StatusCode grpc = StatusCode.Internal) =>
        new(code, 500, grpc, $"{what}: {failed.Message}", failed);
}
