using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Jobs;
using EmbeddedSidecar.Scheduling;
using EmbeddedSidecar.State;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Primitives;

namespace EmbeddedSidecar.Actors;

/// <summary>Actors over gRPC. Hosting by gRPC is <see cref="ActorEventStream"/>.</summary>
internal static class ActorsGrpc
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";

    public static void Map(GrpcRoutes routes)
    {
        routes.MapUnary(Service + "InvokeActor", InvokeActorRequest.Parser, InvokeAsync);
        routes.MapUnary(Service + "GetActorState", GetActorStateRequest.Parser, GetStateAsync);
        routes.MapUnary(Service + "ExecuteActorStateTransaction", ExecuteActorStateTransactionRequest.Parser, TransactAsync);
        routes.MapUnary(Service + "RegisterActorReminder", RegisterActorReminderRequest.Parser, CreateReminderAsync);
        routes.MapUnary(Service + "UnregisterActorReminder", UnregisterActorReminderRequest.Parser, async (call, request) =>
        {
            await Actors(call).Reminders.DeleteAsync(Key(request.ActorType, request.ActorId), request.Name, call.Aborted);
            return new Empty();
        });

        // Its answer has a name of its own and no fields.
        routes.MapUnary(Service + "UnregisterActorRemindersByType", UnregisterActorRemindersByTypeRequest.Parser, async (call, request) =>
        {
            ActorErrors.CheckType(request.ActorType);
            await Actors(call).Reminders.DeleteAllAsync(request.ActorType, request.HasActorId ? request.ActorId : null, call.Aborted);
            return new Empty();
        });
        routes.MapUnary(Service + "GetActorReminder", GetActorReminderRequest.Parser, GetReminderAsync);
        routes.MapUnary(Service + "ListActorReminders", ListActorRemindersRequest.Parser, ListRemindersAsync);
        routes.MapUnary(Service + "RegisterActorTimer", RegisterActorTimerRequest.Parser, (call, request) =>
        {
            var actor = Key(request.ActorType, request.ActorId);
            Actors(call).StartTimer(
                actor,
                new ActorTimer(ActorName.Check(request.Name), request.Callback, Data(request.Data), request.DueTime, request.Period, request.Ttl));
            return Task.FromResult(new Empty());
        });
        routes.MapUnary(Service + "UnregisterActorTimer", UnregisterActorTimerRequest.Parser, (call, request) =>
        {
            Actors(call).Runtime.Timers.Stop(Key(request.ActorType, request.ActorId), request.Name);
            return Task.FromResult(new Empty());
        });
    }

    /// <summary>JSON as bytes, in the way daprd hands it out; null when there is none.</summary>
    public static Any? Pack(byte[]? json) => json is null ? null : Any.Pack(new BytesValue { Value = ByteString.CopyFrom(json) });

    private static async Task<InvokeActorResponse> InvokeAsync(GrpcCall call, InvokeActorRequest request)
    {
        var key = ActorName.Callable(request.ActorType, request.ActorId);
        var headers = request.Metadata.Select(pair => KeyValuePair.Create(pair.Key, new StringValues(pair.Value)))
            .Where(header => !header.Key.Equals(SidecarTokens.Header, StringComparison.OrdinalIgnoreCase) && !header.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase));
        var reply = await Actors(call).Runtime.CallAsync(
            call.App, key, new ActorCall(ActorName.Method(request.Method), "", request.Data.Memory, [.. headers]), call.Aborted);
        return new InvokeActorResponse { Data = UnsafeByteOperations.UnsafeWrap(reply.Body) };
    }

    private static async Task<GetActorStateResponse> GetStateAsync(GrpcCall call, GetActorStateRequest request)
    {
        var response = new GetActorStateResponse();
        if (await Actors(call).State.GetAsync(Key(request.ActorType, request.ActorId), request.Key, call.Aborted) is { } value)
        {
            response.Data = UnsafeByteOperations.UnsafeWrap(value.Data);
            if (value.ExpiresAt is { } expires)
            {
                response.Metadata[StateApi.ExpiresName] = StateApi.Expires(expires);
            }
        }

        return response;
    }

    private static async Task<Empty> TransactAsync(GrpcCall call, ExecuteActorStateTransactionRequest request)
    {
        var key = Key(request.ActorType, request.ActorId);
        if (request.Operations.FirstOrDefault(operation => operation.OperationType is not ("upsert" or "delete")) is { } unknown)
        {
            throw StateApi.UnknownOperation(unknown.OperationType);
        }

        await Actors(call).State.TransactAsync(
            key,
            request.Operations.Select(operation => new ActorStateOperation(
                operation.OperationType, operation.Key, operation.Value?.Value.Memory ?? ReadOnlyMemory<byte>.Empty, null, operation.Metadata.AsReadOnly())),
            call.Aborted);
        return new Empty();
    }

    private static async Task<Empty> CreateReminderAsync(GrpcCall call, RegisterActorReminderRequest request)
    {
        var actor = Key(request.ActorType, request.ActorId);
        if (request.Name.Length == 0)
        {
            throw ActorErrors.BadRequest("reminder name cannot be empty");
        }

        await Actors(call).Reminders.CreateAsync(
            actor,
            new ReminderRequest(
                ActorName.Check(request.Name), request.DueTime, request.Period, request.Ttl, Data(request.Data),
                !request.HasOverwrite || request.Overwrite, JobsApi.Policy(request.FailurePolicy)),
            call.Aborted);
        return new Empty();
    }

    private static async Task<GetActorReminderResponse> GetReminderAsync(GrpcCall call, GetActorReminderRequest request)
    {
        var reminder = Reminder(await Actors(call).Reminders.GetAsync(Key(request.ActorType, request.ActorId), request.Name, call.Aborted));
        // The same fields under the same numbers.
        return GetActorReminderResponse.Parser.ParseFrom(reminder.ToByteString());
    }

    private static async Task<ListActorRemindersResponse> ListRemindersAsync(GrpcCall call, ListActorRemindersRequest request)
    {
        ActorErrors.CheckType(request.ActorType);
        var found = await Actors(call).Reminders.ListAsync(request.ActorType, request.HasActorId ? request.ActorId : null, call.Aborted);
        return new ListActorRemindersResponse
        {
            Reminders = { found.Select(entry => new NamedActorReminder { Name = entry.Name, Reminder = Reminder(entry) }) },
        };
    }

    private static ActorReminder Reminder(ScheduleEntry entry)
    {
        var reminder = new ActorReminder { ActorType = entry.ActorType, ActorId = entry.ActorId, Data = Pack(entry.Data) };
        if (entry.DueTime is not null)
        {
            reminder.DueTime = entry.DueTime;
        }

        if (entry.Schedule is not null)
        {
            reminder.Period = entry.Schedule;
        }

        if (ActorReminders.Expiry(entry) is { } ttl)
        {
            reminder.Ttl = ttl;
        }

        return reminder;
    }

    // Bytes that came by gRPC reach the app as a JSON string in base64.
    private static byte[]? Data(ByteString data) => data.IsEmpty ? null : JsonSerializer.SerializeToUtf8Bytes(data.ToBase64());

    private static AppActors Actors(GrpcCall call) => call.App.Part<AppActors>();

    private static ActorKey Key(string type, string id)
    {
        ActorErrors.CheckType(type);
        return new ActorKey(type, id);
    }
}
