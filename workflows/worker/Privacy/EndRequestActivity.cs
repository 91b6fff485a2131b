using Dapr.Workflow;
using Eco2.Workflows.Privacy;

namespace Eco2.Worker.Privacy;

/// <summary>Tells how a request ended.</summary>
internal sealed class EndRequestActivity(Apps apps, Leftovers leftovers) : WorkflowActivity<EndRequest, PrivacyOutcome>
{
    public override async Task<PrivacyOutcome> RunAsync(WorkflowActivityContext context, EndRequest input)
    {
        var wanted = await apps.EndAsync(input.Request.RequestId, input.End, CancellationToken.None);
        if (input.Request.Kind == "export" && !(wanted && input.End.Status == "succeeded"))
        {
            await leftovers.DeleteAsync(input.Request.RequestId, CancellationToken.None);
        }

        return new PrivacyOutcome(wanted ? input.End.Status : "unwanted");
    }
}
