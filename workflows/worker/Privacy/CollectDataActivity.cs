using System.Text.Json;
using Dapr.Workflow;
using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Eco2.Workflows.Privacy;

namespace Eco2.Worker.Privacy;

/// <summary>Fetches what one app knows of a user and keeps it as objects until the archive is made. Done again, it writes the same names again.</summary>
internal sealed class CollectDataActivity(Apps apps, Jobs jobs, ObjectStore objects, WireJson json) : WorkflowActivity<CollectData, Collected>
{
    public override async Task<Collected> RunAsync(WorkflowActivityContext context, CollectData input)
    {
        var (request, step) = (input.Request, input.Step);
        var ct = CancellationToken.None;
        if (!await apps.TellAsync(request.RequestId, step, new PrivacyProgress("running"), ct))
        {
            return new Collected(0, Wanted: false);
        }

        var pages = 0;
        await foreach (var page in step == PrivacySteps.Jobs ? LogsAsync(request.UserId, ct) : apps.ReadAsync(step, request.UserId, ct))
        {
            if (page.Rows.Count > 0)
            {
                await objects.PutAsync(ExportObjects.Page(request.RequestId, step, ++pages), JsonSerializer.SerializeToUtf8Bytes(page, json.Options), "application/json", ct);
            }
        }

        var wanted = await apps.TellAsync(request.RequestId, step, new PrivacyProgress("succeeded"), ct);
        for (; !wanted && pages > 0; pages--)
        {
            // Its user was deleted meanwhile: nobody else knows of these.
            await objects.DeleteAsync(ExportObjects.Page(request.RequestId, step, pages), ct);
        }

        return new Collected(pages, wanted);
    }

    private async IAsyncEnumerable<UserDataPage> LogsAsync(Guid userId, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var id in await jobs.FindAsync(userId, ct))
        {
            if (await jobs.ReadAsync(id, ct) is { } job)
            {
                yield return new UserDataPage("jobs", [JsonSerializer.SerializeToElement(job, json.Options)], null);
            }

            if (await jobs.ReadWordsAsync(id, ct) is { } words)
            {
                yield return new UserDataPage("job_words", [JsonSerializer.SerializeToElement(new { job_id = id, words.Text }, json.Options)], null);
            }
        }
    }
}
