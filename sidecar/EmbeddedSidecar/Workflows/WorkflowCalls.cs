using System.Globalization;
using Dapr.DurableTask.Protobuf;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Grpc;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Workflows;

/// <summary>The workflow operations of Dapr's own API, as its HTTP and its gRPC form share them: stricter ids, Dapr's error codes.</summary>
internal static class WorkflowCalls
{
    private const int LongestId = 64;

    public static string CheckId(string id)
    {
        if (id.Length == 0)
        {
            throw Bad("ERR_INSTANCE_ID_PROVIDED_MISSING", "no instance ID was provided");
        }

        return id;
    }

    /// <summary>An id that is to be given out here. Ids that are there already may be any: TaskHub has no such rule.</summary>
    public static string CheckNewId(string id)
    {
        CheckId(id);

        if (id.Length > LongestId)
        {
            throw Bad("ERR_INSTANCE_ID_TOO_LONG", $"workflow instance ID exceeds the max length of {LongestId} characters");
        }

        return id.All(c => char.IsLetterOrDigit(c) || c is '_' or '-')
            ? id
            : throw Bad(
                "ERR_INSTANCE_ID_INVALID",
                $"workflow instance ID '{id}' is invalid: only alphanumeric and underscore characters are allowed");
    }

    public static async Task StartAsync(
        WorkflowEngine engine, string id, string name, string? input, string? startTime, string? traceParent, CancellationToken ct)
    {
        if (name.Length == 0)
        {
            throw Bad("ERR_WORKFLOW_NAME_MISSING", "workflow name is not configured");
        }

        Timestamp? at = null;
        if (!string.IsNullOrEmpty(startTime))
        {
            at = DateTimeOffset.TryParse(startTime, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? Timestamp.FromDateTimeOffset(time)
                : throw Bad("ERR_START_WORKFLOW", $"dapr.workflow.start_time '{startTime}' is not an RFC 3339 time");
        }

        await TranslateAsync("ERR_START_WORKFLOW", $"error starting workflow '{name}'", () => engine.StartAsync(
            new CreateInstanceRequest { InstanceId = id, Name = name, Input = input, ScheduledStartTimestamp = at }, traceParent, ct));
    }

    public static DaprException Unknown(string id) =>
        new("ERR_INSTANCE_ID_NOT_FOUND", 404, StatusCode.NotFound, $"unable to find workflow with the provided instance ID: {id}");

    public static Task RaiseAsync(WorkflowEngine engine, string id, string name, string? input, CancellationToken ct) =>
        name.Length == 0
            ? throw Bad("ERR_WORKFLOW_EVENT_NAME_MISSING", "missing workflow event name")
            : TranslateAsync("ERR_RAISE_EVENT_WORKFLOW", $"error raising event on workflow '{id}'", () => engine.RaiseAsync(id, name, input, ct));

    public static Task TerminateAsync(WorkflowEngine engine, string id, CancellationToken ct) =>
        TranslateAsync("ERR_TERMINATE_WORKFLOW", $"error terminating workflow '{id}'", () => engine.TerminateAsync(id, null, recursive: true, ct), id);

    public static Task PauseAsync(WorkflowEngine engine, string id, CancellationToken ct) =>
        TranslateAsync("ERR_PAUSE_WORKFLOW", $"error pausing workflow {id}", () => engine.SuspendAsync(id, null, ct));

    public static Task ResumeAsync(WorkflowEngine engine, string id, CancellationToken ct) =>
        TranslateAsync("ERR_RESUME_WORKFLOW", $"error resuming workflow {id}", () => engine.ResumeAsync(id, null, ct));

    public static Task PurgeAsync(WorkflowEngine engine, string id, CancellationToken ct) =>
        TranslateAsync("ERR_PURGE_WORKFLOW", $"error purging workflow {id}", () => engine.PurgeAsync(id, recursive: true, force: false, ct), id);

    /// <summary>The status as Dapr's API spells it.</summary>
    public static string StatusText(OrchestrationStatus status) => status switch
    {
        OrchestrationStatus.Running => "RUNNING",
        OrchestrationStatus.Completed => "COMPLETED",
        OrchestrationStatus.ContinuedAsNew => "CONTINUED_AS_NEW",
        OrchestrationStatus.Failed => "FAILED",
        OrchestrationStatus.Canceled => "CANCELED",
        OrchestrationStatus.Terminated => "TERMINATED",
        OrchestrationStatus.Pending => "PENDING",
        OrchestrationStatus.Suspended => "SUSPENDED",
        _ => "UNKNOWN",
    };

    public static IEnumerable<KeyValuePair<string, string>> Properties(InstanceView view)
    {
        (string Name, string? Value)[] all =
        [
            ("dapr.workflow.input", view.Start.ExecutionStarted.Input),
            ("dapr.workflow.output", view.Completed?.Result),
            ("dapr.workflow.custom_status", view.CustomStatus),
            ("dapr.workflow.failure.error_type", view.Completed?.FailureDetails?.ErrorType),
            ("dapr.workflow.failure.error_message", view.Completed?.FailureDetails?.ErrorMessage),
            ("dapr.workflow.failure.stack_trace", view.Completed?.FailureDetails?.StackTrace),
        ];
        return all.Where(p => !string.IsNullOrEmpty(p.Value)).Select(p => KeyValuePair.Create(p.Name, p.Value!));
    }

    // Of some operations Dapr says that there is no such instance, of others only that they failed.
    private static async Task TranslateAsync(string errorCode, string what, Func<Task> work, string? saysUnknown = null)
    {
        try
        {
            await work();
        }
        catch (GrpcException refused) when (saysUnknown is not null && refused.Detail.Contains("no such instance exists", StringComparison.Ordinal))
        {
            throw Unknown(saysUnknown);
        }
        catch (GrpcException refused)
        {
            throw new DaprException(errorCode, 500, StatusCode.Internal, $"{what}: {refused.Detail}", refused);
        }
    }

    private static DaprException Bad(string errorCode, string message) => new(errorCode, 400, StatusCode.InvalidArgument, message);
}
