using Dapr.Common;
using Dapr.Jobs.Models;
using Dapr.Jobs.Models.Responses;

namespace Dapr.Jobs;

/// <summary>Jobs of the scheduler: the app is called at a time or again and again. Made by <see cref="DaprJobsClientBuilder"/> or by registration.</summary>
public abstract class DaprJobsClient : IDaprClient
{
    private bool _disposed;

    private protected DaprJobsClient()
    {
    }

    /// <summary>Schedules a job; the app is called with POST <c>/job/{jobName}</c>.</summary>
    /// <param name="jobName">Unique within the app; anything but slashes, <c>#</c>, <c>?</c> and control characters.</param>
    /// <param name="schedule">When, or how often.</param>
    /// <param name="payload">What the app is given, byte for byte.</param>
    /// <param name="startingFrom">Time of the first trigger; later ones follow the schedule.</param>
    /// <param name="repeats">How many triggers; null: no end.</param>
    /// <param name="ttl">When the job ends.</param>
    /// <param name="overwrite">Whether it may replace a job of this name; if not the runtime refuses.</param>
    /// <param name="failurePolicyOptions">What happens to a trigger that the app answered with a failure; null: three retries, a second apart.</param>
    /// <param name="cancellationToken">Ends the wait for an answer, silently.</param>
    /// <exception cref="ArgumentException">The job would end before it starts.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The repeats are negative.</exception>
    /// <exception cref="DaprException">The runtime refused.</exception>
    public abstract Task ScheduleJobAsync(
        string jobName,
        DaprJobSchedule schedule,
        ReadOnlyMemory<byte>? payload = null,
        DateTimeOffset? startingFrom = null,
        int? repeats = null,
        DateTimeOffset? ttl = null,
        bool overwrite = false,
        IJobFailurePolicyOptions? failurePolicyOptions = null,
        CancellationToken cancellationToken = default);

    /// <summary>A job as the runtime keeps it.</summary>
    /// <exception cref="DaprException">There is none, the runtime refused, or the wait was cancelled.</exception>
    public abstract Task<DaprJobDetails> GetJobAsync(string jobName, CancellationToken cancellationToken = default);

    /// <summary>Deletes a job, whether it is there or not; a cancelled wait ends silently.</summary>
    /// <exception cref="DaprException">The runtime refused.</exception>
    public abstract Task DeleteJobAsync(string jobName, CancellationToken cancellationToken = default);

    /// <summary>Closes the connection.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            Dispose(disposing: true);
            _disposed = true;
            GC.SuppressFinalize(this);
        }
    }

    /// <summary>Closes the connection.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
