using Dapr.Workflow;
using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Eco2.Workflows.Privacy;
using Grpc.Core;

namespace Eco2.Worker.Privacy;

/// <summary>An export or a deletion was asked for: its workflow begins, once. A finished one that is begun again by a late message tells the same.</summary>
internal sealed partial class OnPrivacyRequested
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(8);

    internal static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/events/privacy-requested", Handle);
        ForgetHistoriesRoute.Map(routes);
    }

    internal static void Add(IServiceCollection services) => services.AddSingleton<Apps>().AddSingleton<Jobs>().AddSingleton<Leftovers>();

    internal static void Register(WorkflowRuntimeOptions options)
    {
        options.RegisterWorkflow<ExportWorkflow>(nameof(ExportWorkflow));
        options.RegisterWorkflow<DeletionWorkflow>(nameof(DeletionWorkflow));
        options.RegisterActivity<CollectDataActivity>(CollectData.Activity.Name);
        options.RegisterActivity<PackArchiveActivity>(PackArchive.Activity.Name);
        options.RegisterActivity<EraseDataActivity>(EraseData.Activity.Name);
        options.RegisterActivity<EndRequestActivity>(EndRequest.Activity.Name);
    }

    private static async Task<EventAnswer> Handle(Event<PrivacyRequested> message, DaprWorkflowClient workflows, Apps apps, ILogger<OnPrivacyRequested> logger, CancellationToken ct)
    {
        var request = message.Data;
        if (request.RequestId == Guid.Empty || request.UserId == Guid.Empty || request.Kind is not ("export" or "deletion"))
        {
            throw new PoisonMessageException("request_id, user_id or kind is missing or unknown");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(StartLimit);
        try
        {
            // An id that has ended could be started again: the message is then a late copy.
            if (await workflows.GetWorkflowStateAsync(request.InstanceId(), getInputsAndOutputs: false, limit.Token) is not { Exists: true }
                && await IsWantedAsync(request, apps, limit.Token))
            {
                var workflow = request.Kind == "export" ? nameof(ExportWorkflow) : nameof(DeletionWorkflow);
                await workflows.ScheduleNewWorkflowAsync(workflow, request.InstanceId(), request, (DateTimeOffset?)null, limit.Token);
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            // Another replica was quicker.
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            NotStarted(logger, e, request.Kind, request.RequestId);
            return EventAnswer.Retry;
        }

        return EventAnswer.Success;
    }

    // After its time an export is known to nobody, and its history is gone: a very late copy must not leave a new one.
    private static async Task<bool> IsWantedAsync(PrivacyRequested request, Apps apps, CancellationToken ct)
    {
        try
        {
            return request.Kind != "export" || await apps.TellAsync(request.RequestId, PrivacySteps.Export[0], new PrivacyProgress("running"), ct);
        }
        catch (HttpRequestException)
        {
            // The workflow waits for who is away; a message does not.
            return true;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The {Kind} {RequestId} could not be started now")]
    private static partial void NotStarted(ILogger logger, Exception exception, string kind, Guid requestId);
}
