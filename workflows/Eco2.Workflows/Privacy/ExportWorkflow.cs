using Dapr.Workflow;
using Eco2.Contracts.Privacy;

namespace Eco2.Workflows.Privacy;

/// <summary>Everything about one user becomes one archive: each app is asked in turn, then all is packed. Histories hold ids and numbers only.</summary>
public sealed class ExportWorkflow : Workflow<PrivacyRequested, PrivacyOutcome>
{
    // An app may be away for a while; after some hours the export fails and can be asked for again. 12 tries are 48 entries of history at worst.
    private static readonly WorkflowTaskOptions Step = new(
        RetryPolicy: new WorkflowRetryPolicy(12, TimeSpan.FromSeconds(1), 3, TimeSpan.FromMinutes(30)));

    public override async Task<PrivacyOutcome> RunAsync(WorkflowContext context, PrivacyRequested input)
    {
        try
        {
            var pages = new List<int>();
            foreach (var step in PrivacySteps.Export)
            {
                if (step == PrivacySteps.Archive)
                {
                    continue;
                }

                var collected = await context.CallAsync(CollectData.Activity, new(input, step), Step);
                if (!collected.Wanted)
                {
                    return new PrivacyOutcome("unwanted");
                }

                pages.Add(collected.Pages);
            }

            var packed = await context.CallAsync(PackArchive.Activity, new(input, pages), Step);
            return await context.CallAsync(EndRequest.Activity, new(input, new PrivacyEnd("succeeded", packed.Parts, packed.Bytes)), Step);
        }
        catch (WorkflowTaskFailedException e)
        {
            context.CreateReplaySafeLogger<ExportWorkflow>().RequestFailed(input.Kind, input.RequestId, e.FailureDetails.ErrorType);
            return await context.CallAsync(EndRequest.Activity, new(input, new PrivacyEnd("failed")), Step);
        }
    }
}
