using Dapr.Workflow;
using Eco2.Contracts.Privacy;
using Eco2.Workflows.Privacy;

namespace Eco2.Worker.Privacy;

/// <summary>One step of a deletion. Done again, it finds less to do; what the apps removed they count themselves, over all tries.</summary>
internal sealed class EraseDataActivity(Apps apps, Jobs jobs, Leftovers leftovers) : WorkflowActivity<EraseData, Erased>
{
    public override async Task<Erased> RunAsync(WorkflowActivityContext context, EraseData input)
    {
        var (request, step) = (input.Request, input.Step);
        var ct = CancellationToken.None;
        await apps.TellAsync(request.RequestId, step, new PrivacyProgress("running"), ct);
        var removed = step switch
        {
            PrivacySteps.Lock => await LockAsync(request.UserId, ct),
            PrivacySteps.Jobs => await ForgetJobsAsync(request.UserId, ct),
            _ => await apps.EraseAsync(step, request.UserId, ct),
        };
        await apps.TellAsync(request.RequestId, step, new PrivacyProgress("succeeded", removed), ct);
        return new Erased(removed.Values.Sum());
    }

    private async Task<IReadOnlyDictionary<string, long>> LockAsync(Guid userId, CancellationToken ct)
    {
        // Of all apps together: a message that one of them publishes late finds every other one closed.
        await Task.WhenAll(apps.Steps.Select(step => apps.CloseAsync(step, userId, ct)));
        return new Dictionary<string, long>();
    }

    private async Task<IReadOnlyDictionary<string, long>> ForgetJobsAsync(Guid userId, CancellationToken ct)
    {
        var (logs, histories) = (0L, 0L);
        foreach (var id in await jobs.FindAsync(userId, ct))
        {
            histories += await jobs.PurgeAsync(id.ToString("D"), ct) ? 1 : 0;
            logs += await jobs.DeleteLogAsync(id, ct) ? 1 : 0;
        }

        foreach (var id in await jobs.FindExportsAsync(userId, ct))
        {
            histories += await jobs.PurgeAsync($"export-{id:D}", ct) ? 1 : 0;
            await leftovers.DeleteAsync(id, ct);
        }

        return new Dictionary<string, long> { ["job_logs"] = logs, ["workflow_histories"] = histories };
    }
}
