using Dapr.Workflow;
using Eco2.Contracts.Privacy;

namespace Eco2.Workflows.Privacy;

/// <summary>One user is taken out everywhere: first nothing can be added any more, then each app removes what it has, the account last. Every step
/// can be repeated, and none is given up before days have passed: a deletion that was asked for happens.</summary>
public sealed class DeletionWorkflow : Workflow<PrivacyRequested, PrivacyOutcome>
{
    // 1 s, 2, 4 … 5 min: some three days. Histories hold ids and numbers only.
    private static readonly WorkflowTaskOptions Step = new(
        RetryPolicy: new WorkflowRetryPolicy(900, TimeSpan.FromSeconds(1), 2, TimeSpan.FromMinutes(5)));

    public override async Task<PrivacyOutcome> RunAsync(WorkflowContext context, PrivacyRequested input)
    {
        try
        {
            foreach (var step in PrivacySteps.Deletion)
            {
                await context.CallAsync(EraseData.Activity, new(input, step), Step);
            }

            return await context.CallAsync(EndRequest.Activity, new(input, new PrivacyEnd("succeeded")), Step);
        }
        catch (WorkflowTaskFailedException e)
        {
            context.CreateReplaySafeLogger<DeletionWorkflow>().RequestFailed(input.Kind, input.RequestId, e.FailureDetails.ErrorType);
            return await context.CallAsync(EndRequest.Activity, new(input, new PrivacyEnd("failed")), Step);
        }
    }
}
