using System.Diagnostics;
using Dapr.Common.Serialization;
using Dapr.Workflow.Abstractions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Workflow.Worker;

/// <summary>Runs one activity in its own scope; whatever it throws is the answer.</summary>
internal sealed partial class ActivityRunner(
    IWorkflowsFactory factory, IServiceScopeFactory scopes, IDaprSerializer serializer, ILogger logger)
{
    private static readonly ActivitySource Source = new("Dapr.Workflow");

    public async Task<Proto.ActivityResponse> RunAsync(Proto.ActivityRequest request, string completionToken)
    {
        var response = new Proto.ActivityResponse
        {
            InstanceId = request.WorkflowInstance.InstanceId,
            TaskId = request.TaskId,
            CompletionToken = completionToken,
        };
        using var trace = Continue(request);
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            if (!factory.TryCreateActivity(request.Name, scope.ServiceProvider, out var activity, out var refused))
            {
                response.FailureDetails = refused is null
                    ? Failures.ToWire("ActivityNotFoundException", $"Activity '{request.Name}' not found")
                    : Failures.ToWire(
                        refused.GetType().FullName!, $"Activity '{request.Name}' failed to activate: {refused.Message}", refused.StackTrace);
                return response;
            }

            try
            {
                var context = new RunningActivityContext(request);
                var result = await activity!.RunAsync(context, serializer.Deserialize(request.Input, activity.InputType)).ConfigureAwait(false);
                response.Result = serializer.Serialize(result);
            }
#pragma warning disable CA1031 // An activity may throw anything; the workflow decides what it means.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                ActivityFailed(logger, failure, request.Name, response.InstanceId);
                trace?.SetStatus(ActivityStatusCode.Error, failure.Message);
                response.FailureDetails = Failures.ToWire(failure);
            }
        }

        return response;
    }

    // Calls that the activity makes belong to the caller's trace even where nobody listens to this source.
    private static Activity? Continue(Proto.ActivityRequest request)
    {
        if (request.ParentTraceContext is not { TraceParent.Length: > 0 } parent
            || !ActivityContext.TryParse(parent.TraceParent, parent.TraceState, isRemote: true, out var context))
        {
            return null;
        }

        var name = $"activity||{request.Name}";
        return Source.StartActivity(name, ActivityKind.Server, context) is { } listened
            ? listened
            : new Activity(name).SetParentId(context.TraceId, context.SpanId, context.TraceFlags).Start();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Activity '{Activity}' of workflow {InstanceId} failed")]
    private static partial void ActivityFailed(ILogger logger, Exception failure, string activity, string instanceId);

    private sealed class RunningActivityContext(Proto.ActivityRequest request) : WorkflowActivityContext
    {
        public override TaskIdentifier Identifier => request.Name;

        public override string TaskExecutionKey => request.TaskExecutionId;

        public override string InstanceId => request.WorkflowInstance.InstanceId;
    }
}
