using System.Text;
using System.Text.Json;
using Dapr.Jobs.Models;

namespace Dapr.Jobs.Extensions;

/// <summary>Jobs whose payload is a value.</summary>
public static class DaprJobsSerializationExtensions
{
    /// <summary>Schedules a job whose payload is JSON: web defaults unless options are given.</summary>
    public static Task ScheduleJobWithPayloadAsync(
        this DaprJobsClient client,
        string jobName,
        DaprJobSchedule schedule,
        object payload,
        DateTime? startingFrom = null,
        int? repeats = null,
        JsonSerializerOptions? jsonSerializerOptions = null,
        DateTimeOffset? ttl = null,
        bool overwrite = false,
        IJobFailurePolicyOptions? failurePolicyOptions = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(payload);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(payload, jsonSerializerOptions ?? JsonSerializerOptions.Web);
        return client.ScheduleJobAsync(jobName, schedule, bytes, startingFrom, repeats, ttl, overwrite, failurePolicyOptions, cancellationToken);
    }

    /// <summary>Schedules a job whose payload is text, as UTF-8.</summary>
    public static Task ScheduleJobWithPayloadAsync(
        this DaprJobsClient client,
        string jobName,
        DaprJobSchedule schedule,
        string payload,
        DateTime? startingFrom = null,
        int? repeats = null,
        DateTimeOffset? ttl = null,
        bool overwrite = false,
        IJobFailurePolicyOptions? failurePolicyOptions = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(payload);
        var bytes = Encoding.UTF8.GetBytes(payload);
        return client.ScheduleJobAsync(jobName, schedule, bytes, startingFrom, repeats, ttl, overwrite, failurePolicyOptions, cancellationToken);
    }
}
