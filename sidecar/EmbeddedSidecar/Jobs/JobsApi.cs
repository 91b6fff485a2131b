using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Scheduling;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using FailurePolicy = EmbeddedSidecar.Scheduling.FailurePolicy;

namespace EmbeddedSidecar.Jobs;

/// <summary>What the HTTP and the gRPC side of jobs have in common.</summary>
internal static class JobsApi
{
    public static async Task ScheduleAsync(AppInstance app, Job? job, bool overwrite, CancellationToken ct)
    {
        if (job is null)
        {
            throw Empty(app, "Job", "DAPR_SCHEDULER_EMPTY");
        }

        if (job.Name.Length == 0)
        {
            throw Empty(app, "Name", "DAPR_SCHEDULER_JOB_NAME_EMPTY");
        }

        if (!job.HasSchedule && !job.HasDueTime)
        {
            throw Empty(app, "Schedule", "DAPR_SCHEDULER_SCHEDULE_EMPTY");
        }

        try
        {
            if (EntryName.Refusal(job.Name) is { } refusal)
            {
                throw new FormatException(refusal);
            }

            EntryName.CheckLength(job.Name);
            await app.Part<Scheduler>().AddAsync(Entry(job), overwrite, ct);
        }
        catch (AlreadyScheduledException exists)
        {
            throw Failed(
                app, "DAPR_SCHEDULER_SCHEDULE_JOB", 409, StatusCode.AlreadyExists,
                $"failed to schedule job due to: rpc error: code = AlreadyExists desc = {exists.Message}", exists);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            throw Failed(
                app, "DAPR_SCHEDULER_SCHEDULE_JOB", 500, StatusCode.Internal,
                $"failed to schedule job due to: rpc error: code = Unknown desc = {failed.Message}", failed);
        }
    }

    public static async Task<Job> GetAsync(AppInstance app, string name, CancellationToken ct)
    {
        CheckName(app, name);
        return await app.Part<Scheduler>().GetAsync(ScheduleEntry.JobKey(name), ct) is { } entry
            ? Job(entry)
            : throw Failed(
                app, "DAPR_SCHEDULER_GET_JOB", 500, StatusCode.Internal,
                $"failed to get job due to: rpc error: code = NotFound desc = job not found: {name}");
    }

    public static async Task<IEnumerable<Job>> ListAsync(AppInstance app, CancellationToken ct) =>
        (await app.Part<Scheduler>().ListAsync(entry => entry.Kind == ScheduleKind.Job, ct)).Select(Job);

    public static Task DeleteAsync(AppInstance app, string name, CancellationToken ct)
    {
        CheckName(app, name);
        return DeleteAllAsync(app, [ScheduleEntry.JobKey(name)], ct);
    }

    /// <param name="prefix">Empty = every job of the app.</param>
    public static async Task DeleteByPrefixAsync(AppInstance app, string prefix, CancellationToken ct)
    {
        var jobs = await app.Part<Scheduler>().ListAsync(
            entry => entry.Kind == ScheduleKind.Job && entry.Name.StartsWith(prefix, StringComparison.Ordinal), ct);
        await DeleteAllAsync(app, jobs.Select(job => job.Key), ct);
    }

    public static DaprException NameTwice(AppInstance app) =>
        new("DAPR_SCHEDULER_JOB_NAME", 400, StatusCode.InvalidArgument, "Set the job name in the url only")
        {
            Reason = "DAPR_SCHEDULER_JOB_NAME", ErrorMetadata = new Dictionary<string, string> { ["appID"] = app.AppId },
        };

    /// <summary>Null = the standard policy.</summary>
    public static FailurePolicy? Policy(JobFailurePolicy? policy) => policy?.PolicyCase switch
    {
        JobFailurePolicy.PolicyOneofCase.Drop => new FailurePolicy(true, TimeSpan.Zero, null),
        JobFailurePolicy.PolicyOneofCase.Constant => new FailurePolicy(
            false, policy.Constant.Interval?.ToTimeSpan() ?? TimeSpan.Zero, policy.Constant.HasMaxRetries ? policy.Constant.MaxRetries : null),
        _ => null,
    };

    private static async Task DeleteAllAsync(AppInstance app, IEnumerable<string> keys, CancellationToken ct)
    {
        try
        {
            foreach (var key in keys)
            {
                await app.Part<Scheduler>().DeleteAsync(key, ct);
            }
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            throw Failed(
                app, "DAPR_SCHEDULER_DELETE_JOB", 500, StatusCode.Internal,
                $"failed to delete job due to: rpc error: code = Unknown desc = {failed.Message}", failed);
        }
    }

    private static ScheduleEntry Entry(Job job) => new()
    {
        Kind = ScheduleKind.Job,
        Name = job.Name,
        Schedule = job.HasSchedule ? job.Schedule : null,
        Repeats = job.HasRepeats ? job.Repeats : null,
        DueTime = job.HasDueTime ? job.DueTime : null,
        Ttl = job.HasTtl ? job.Ttl : null,
        DataType = job.Data?.TypeUrl ?? "",
        Data = job.Data?.Value.ToByteArray(),
        FailurePolicy = Policy(job.FailurePolicy) ?? FailurePolicy.Standard,
    };

    private static Job Job(ScheduleEntry entry)
    {
        var job = new Job { Name = entry.Name, FailurePolicy = new JobFailurePolicy() };
        if (entry.Schedule is not null)
        {
            job.Schedule = entry.Schedule;
        }

        if (entry.Repeats is { } repeats)
        {
            job.Repeats = repeats;
        }

        if (entry.DueTime is not null)
        {
            job.DueTime = entry.DueTime;
        }

        if (entry.Ttl is not null)
        {
            job.Ttl = entry.Ttl;
        }

        if (entry.Data is not null)
        {
            job.Data = new Any { TypeUrl = entry.DataType, Value = UnsafeByteOperations.UnsafeWrap(entry.Data) };
        }

        if (entry.FailurePolicy.Drop)
        {
            job.FailurePolicy.Drop = new JobFailurePolicyDrop();
            return job;
        }

        job.FailurePolicy.Constant = new JobFailurePolicyConstant { Interval = Duration.FromTimeSpan(entry.FailurePolicy.Interval) };
        if (entry.FailurePolicy.MaxRetries is { } most)
        {
            job.FailurePolicy.Constant.MaxRetries = most;
        }

        return job;
    }

    private static void CheckName(AppInstance app, string name)
    {
        if (name.Length == 0)
        {
            throw Empty(app, "Name", "DAPR_SCHEDULER_JOB_NAME_EMPTY");
        }
    }

    private static DaprException Empty(AppInstance app, string what, string code) =>
        Failed(app, code, 400, StatusCode.InvalidArgument, $"{what} is empty");

    private static DaprException Failed(AppInstance app, string code, int http, StatusCode grpc, string message, Exception? inner = null) =>
        new(code, http, grpc, message, inner)
        {
            Reason = code,
            ErrorMetadata = new Dictionary<string, string> { ["appID"] = app.AppId, ["namespace"] = app.Namespace },
        };
}
