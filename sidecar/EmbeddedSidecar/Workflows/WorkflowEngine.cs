using System.Collections.Concurrent;
using Dapr.DurableTask.Protobuf;
using EmbeddedSidecar.Scheduling;
using EmbeddedSidecar.State;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Workflows;

/// <summary>
/// The workflows of one app id. All replicas of the app share it: one queue of work, one owner of each instance.
/// </summary>
internal sealed partial class WorkflowEngine : IAsyncDisposable
{
    public static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    // The nanosecond before the year 10000 means: never.
    private const long Never = 253402300799;

    private readonly ConcurrentDictionary<string, Lazy<Task<InstanceActor>>> _actors = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly WorkflowEngines _all;
    private readonly TimerQueue _timers;
    private readonly ILogger _log;
    private readonly ActorCache _cache;

    public WorkflowEngine(string appId, IStateStore store, EngineOptions options, WorkflowEngines all, TimeProvider clock, ILogger log)
    {
        AppId = appId;
        Clock = clock;
        Stopping = _stopping.Token;
        MaxPayload = (int)(options.MaxBodyBytes * 0.95);
        Retention = options.Retention;
        Store = new InstanceStore(appId, store);
        Live = new LiveIndex(appId, store);
        Queue = new WorkQueue(options.MaxTurns, options.MaxActivities);
        Rules = new TurnRules(appId, MaxPayload, () => Guid.CreateVersion7(clock.GetUtcNow()).ToString("N"));
        Telemetry = new WorkflowTelemetry(options.Metrics, options.Tracer, clock);
        Tasks = new TaskRegistry(Queue, MaxPayload, Telemetry);
        _all = all;
        _log = log;
        _timers = new TimerQueue(clock);
        _cache = new ActorCache(options.CachedEvents);
    }

    public string AppId { get; }

    public TimeProvider Clock { get; }

    public int MaxPayload { get; }

    public RetentionPolicy Retention { get; }

    public InstanceStore Store { get; }

    public LiveIndex Live { get; }

    public WorkQueue Queue { get; }

    public TaskRegistry Tasks { get; }

    public TurnRules Rules { get; }

    public WorkflowTelemetry Telemetry { get; }

    /// <summary>Ends when the sidecar stops.</summary>
    public CancellationToken Stopping { get; }

    public Timestamp Now() => Timestamp.FromDateTimeOffset(Clock.GetUtcNow());

    public static ExecutionStalledEvent TooLarge(string what, int max) => new()
    {
        Reason = StalledReason.PayloadSizeExceeded, Description = $"{what}, at most {max} are allowed.",
    };

    /// <summary>Does something with the instance, in memory or read from the store. Its View is null when there is no such instance.</summary>
    public async Task<T> WithAsync<T>(string instanceId, Func<InstanceActor, Task<T>> use)
    {
        while (true)
        {
            var actor = await GetAsync(instanceId);
            try
            {
                return await use(actor);
            }
            catch (ActorGoneException)
            {
                await actor.Gone;
            }
        }
    }

    public Task WithAsync(string instanceId, Func<InstanceActor, Task> use) =>
        WithAsync(instanceId, async actor =>
        {
            await use(actor);
            return true;
        });

    /// <summary>The same in the background, for timers.</summary>
    public void WithLoaded(string instanceId, Action<InstanceActor> use) =>
        Run(() => WithAsync(instanceId, actor =>
        {
            use(actor);
            return Task.CompletedTask;
        }));

    public void At(DateTimeOffset at, Action callback) => _timers.Add(at, callback);

    public void After(TimeSpan delay, Action callback) => _timers.Add(Clock.GetUtcNow() + delay, callback);

    /// <summary>Starts work nobody awaits. It must not fail for long: what fails is logged and tried again.</summary>
    public void Run(Func<Task> work) => _ = RunAsync(work);

    public void Forget(InstanceActor actor)
    {
        _cache.Remove(actor);
        _actors.TryRemove(actor.InstanceId, out _);
    }

    /// <summary>The actor has nothing to write: it may be dropped when memory is needed.</summary>
    public void Rested(InstanceActor actor)
    {
        foreach (var old in _cache.Touch(actor))
        {
            old.TryEvict();
        }
    }

    public void Reload(string instanceId) =>
        Run(() => WithAsync(instanceId, actor =>
        {
            actor.Resume(everything: true);
            return Task.CompletedTask;
        }));

    /// <summary>
    /// Writes until it is done, trying again every second. Null when another process has changed the instance.
    /// </summary>
    /// <param name="next">What is stored afterwards; null for a removal.</param>
    public async Task<string?> CommitAsync(string instanceId, List<StateOperation> operations, StoredShape? next)
    {
        var unsure = false;
        while (true)
        {
            try
            {
                return await Store.Store.TransactAsync(operations, allOrNothing: true, Stopping) ?? "";
            }
            catch (StateConflictException)
            {
                // The answer to an earlier attempt may have been lost: then what we find is our own.
                return unsure && next is not null ? await Store.FindOwnWriteAsync(instanceId, next, Stopping) : null;
            }
#pragma warning disable CA1031 // Whatever a store throws, an accepted event must not be lost: as in daprd, try again without limit.
            catch (Exception failed) when (failed is not OperationCanceledException)
#pragma warning restore CA1031
            {
                unsure = true;
                WriteFailed(_log, failed, instanceId);
                await Task.Delay(RetryDelay, Clock, Stopping);
            }
        }
    }

    public void Refused(string instanceId, TurnRefusedException refused) => AnswerRefused(_log, instanceId, refused.Message);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _timers.Dispose();
        Live.Dispose();
        _stopping.Dispose();
    }

    private async Task<InstanceActor> GetAsync(string instanceId)
    {
        var entry = _actors.GetOrAdd(instanceId, id => new Lazy<Task<InstanceActor>>(() => LoadAsync(id)));
        try
        {
            return await entry.Value;
        }
        catch
        {
            _actors.TryRemove(KeyValuePair.Create(instanceId, entry));
            throw;
        }
    }

    private async Task<InstanceActor> LoadAsync(string instanceId)
    {
        var loaded = await Store.LoadAsync(instanceId, Stopping);
        var actor = new InstanceActor(this, loaded?.State ?? new InstanceState(instanceId), loaded?.Shape ?? new StoredShape());
        actor.Resume(everything: false);
        Rested(actor);
        return actor;
    }

    private async Task RunAsync(Func<Task> work)
    {
        while (!Stopping.IsCancellationRequested)
        {
            try
            {
                await work();
                return;
            }
            catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
            {
                return;
            }
            catch (ObjectDisposedException) when (Stopping.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Background work of an engine has no caller to tell; it is tried again as daprd's reminders are.
            catch (Exception failed)
#pragma warning restore CA1031
            {
                WorkFailed(_log, failed);
                await Task.Delay(RetryDelay, Clock, CancellationToken.None);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workflow {InstanceId} could not be stored, trying again")]
    private static partial void WriteFailed(ILogger log, Exception error, string instanceId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The answer to a turn of workflow {InstanceId} was refused: {Reason}; the turn is sent again")]
    private static partial void AnswerRefused(ILogger log, string instanceId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Background work of the workflow engine failed, trying again")]
    private static partial void WorkFailed(ILogger log, Exception error);
}
