using Dapr.Common.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Workflow.Worker;

/// <summary>Runs one turn in its own scope.</summary>
internal sealed class TurnRunner(IWorkflowsFactory factory, IServiceScopeFactory scopes, IDaprSerializer serializer, ILoggerFactory loggers)
{
    /// <summary>Runs the turn on the calling thread.</summary>
    public Proto.WorkflowResponse Run(Proto.WorkflowRequest request, IEnumerable<Proto.HistoryEvent> past, string completionToken)
    {
        using var scope = scopes.CreateScope();
        var turn = new WorkflowTurn(request, name => Body(name, scope.ServiceProvider), serializer, loggers);
        var response = turn.Run(past);
        response.CompletionToken = completionToken;
        return response;
    }

    private Func<TurnContext, string?, Task<object?>> Body(string name, IServiceProvider services)
    {
        if (string.IsNullOrEmpty(name))
        {
            throw new WorkflowStartException(Failures.ToWire("WorkflowNameMissing", "The workflow has no name.", isNonRetriable: true));
        }

        if (!factory.TryCreateWorkflow(name, services, out var workflow, out var refused))
        {
            throw new WorkflowStartException(refused is null
                ? Failures.ToWire("WorkflowNotFound", $"Workflow '{name}' not found", isNonRetriable: true)
                : Failures.ToWire(
                    refused.GetType().FullName!, $"Workflow '{name}' failed to activate: {refused.Message}", refused.StackTrace, isNonRetriable: true));
        }

        return (context, input) => workflow!.RunAsync(context, serializer.Deserialize(input, workflow.InputType));
    }
}
