using System.Text.Json;
using Dapr.Client;
using Dapr.Workflow;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;

namespace Eco2.Worker.Privacy;

/// <summary>What is left of a user's jobs and exports in the state store and in histories of workflows.</summary>
internal sealed class Jobs(Apps apps, DaprClient dapr, DaprWorkflowClient workflows)
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    /// <summary>Every job that some app remembers: running ones are known to scan, ended ones to my as well, also when their scan was deleted.</summary>
    internal async Task<IReadOnlyList<Guid>> FindAsync(Guid userId, CancellationToken ct)
    {
        var ids = new HashSet<Guid>();
        foreach (var step in (string[])["scans", "profile", "characters"])
        {
            await foreach (var page in apps.ReadAsync(step, userId, ct))
            {
                ids.UnionWith(page.Rows.Select(row => Id(row, "job_id")).OfType<Guid>());
            }
        }

        return [.. ids.Order()];
    }

    /// <summary>Exports that are not for anybody any more.</summary>
    internal async Task<IReadOnlyList<Guid>> FindExportsAsync(Guid userId, CancellationToken ct)
    {
        var ids = new List<Guid>();
        await foreach (var page in apps.ReadAsync("profile", userId, ct))
        {
            ids.AddRange(page.Table == "exports" ? page.Rows.Select(row => Id(row, "id")).OfType<Guid>() : []);
        }

        return ids;
    }

    /// <summary>The log of a job, null when it is gone.</summary>
    internal Task<JobDocument?> ReadAsync(Guid jobId, CancellationToken ct) =>
        dapr.GetStateAsync<JobDocument?>(JobDocument.Store, JobDocument.KeyOf(jobId), cancellationToken: ct);

    /// <summary>The words that came with a job and are not yet gone.</summary>
    internal Task<ScanWords?> ReadWordsAsync(Guid jobId, CancellationToken ct) =>
        dapr.GetStateAsync<ScanWords?>(JobDocument.Store, ScanWords.KeyOf(jobId), cancellationToken: ct);

    /// <summary>Stops the workflow if it runs and removes its history.</summary>
    /// <returns>True if there was one.</returns>
    internal async Task<bool> PurgeAsync(string instanceId, CancellationToken ct)
    {
        if (await workflows.GetWorkflowStateAsync(instanceId, getInputsAndOutputs: false, ct) is not { Exists: true } state)
        {
            return false;
        }

        if (!state.IsWorkflowCompleted)
        {
            await workflows.TerminateWorkflowAsync(instanceId, cancellation: ct);
            await workflows.WaitForWorkflowCompletionAsync(instanceId, getInputsAndOutputs: false, ct).WaitAsync(EndLimit, ct);
        }

        return await workflows.PurgeInstanceAsync(instanceId, ct);
    }

    /// <summary>Removes the words and the log of a job, its older parts first: while the document is there, they can be found.</summary>
    internal async Task<bool> DeleteLogAsync(Guid jobId, CancellationToken ct)
    {
        await dapr.DeleteStateAsync(JobDocument.Store, ScanWords.KeyOf(jobId), cancellationToken: ct);
        if (await ReadAsync(jobId, ct) is not { } job)
        {
            return false;
        }

        for (var chunk = 1; chunk <= job.Chunks; chunk++)
        {
            await dapr.DeleteStateAsync(JobDocument.Store, JobChunk.KeyOf(jobId, chunk), cancellationToken: ct);
        }

        await dapr.DeleteStateAsync(JobDocument.Store, JobDocument.KeyOf(jobId), cancellationToken: ct);
        return true;
    }

    private static Guid? Id(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.TryGetGuid(out var id) ? id : null;
}
