using System.Collections.Concurrent;

namespace EmbeddedSidecar.Scheduling;

/// <summary>What became of a delivery.</summary>
internal enum TriggerOutcome
{
    Success,

    /// <summary>The failure policy decides.</summary>
    Failed,

    /// <summary>Nobody is there to take it: it waits until <see cref="Scheduler.Wake"/>.</summary>
    Undeliverable,

    /// <summary>The receiver wants no more of these.</summary>
    Cancelled,
}

/// <summary>An entry of that name is there, and was not to be overwritten.</summary>
internal sealed class AlreadyScheduledException(string name) : Exception($"job already exists: '{name}'");

/// <summary>
/// Jobs and reminders of one app id, shared by its replicas: the part that daprd has in its scheduler service. At least once: an entry
/// moves on only when its delivery is known to be over and that is stored.
/// </summary>
internal sealed partial class Scheduler : IAsyncDisposable
{
    // So many deliveries at once, also after a long absence with everything overdue.
    private const int MaxDeliveries = 1000;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Item> _items = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ScheduleKind, Func<ScheduleEntry, CancellationToken, Task<TriggerOutcome>>> _receivers = new();
    private readonly SemaphoreSlim[] _writers = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1, 1))];
    private readonly SemaphoreSlim _deliveries = new(MaxDeliveries);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private readonly ScheduleStore _store;
    private readonly TimerQueue _timers;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly string _appId;
    private int _wakes;
    private int _warned;

    public Scheduler(string appId, ScheduleStore store, TimeProvider clock, ILogger log)
    {
        _appId = appId;
        _store = store;
        _clock = clock;
        _log = log;
        _timers = new TimerQueue(clock);
    }

    /// <summary>Who takes deliveries of this kind.</summary>
    public void Receive(ScheduleKind kind, Func<ScheduleEntry, CancellationToken, Task<TriggerOutcome>> receiver) => _receivers[kind] = receiver;

    /// <summary>Reads what is stored, in the background; calls that need it wait.</summary>
    public void Start() => Run(LoadAsync);

    /// <exception cref="FormatException">The entry cannot be honoured.</exception>
    /// <exception cref="AlreadyScheduledException">It is there, and <paramref name="overwrite"/> is false.</exception>
    public async Task AddAsync(ScheduleEntry wanted, bool overwrite, CancellationToken ct)
    {
        var entry = ScheduleRules.Begin(wanted, _clock.GetUtcNow());
        await _loaded.Task.WaitAsync(ct);
        if (!_store.IsDurable && Interlocked.Exchange(ref _warned, 1) == 0)
        {
            NotDurable(_log, _appId);
        }

        using var writing = await WriteAsync(entry.Key, ct);
        var existing = _items.GetValueOrDefault(entry.Key);
        if (existing is not null && !overwrite)
        {
            throw new AlreadyScheduledException(entry.Name);
        }

        if (ScheduleRules.Next(entry) is not { } next)
        {
            await RemoveAsync(existing, ct);
            return;
        }

        var slot = existing?.Slot ?? await _store.TakeAsync(ct);
        await _store.PutAsync(slot, entry, ct);
        existing?.IsRemoved = true;
        Arm(_items[entry.Key] = new Item(slot, entry), next);
    }

    public async Task<ScheduleEntry?> GetAsync(string key, CancellationToken ct)
    {
        await _loaded.Task.WaitAsync(ct);
        return _items.GetValueOrDefault(key)?.Entry;
    }

    /// <summary>Those for which the condition holds, by key.</summary>
    public async Task<IReadOnlyList<ScheduleEntry>> ListAsync(Func<ScheduleEntry, bool> condition, CancellationToken ct)
    {
        await _loaded.Task.WaitAsync(ct);
        return [.. _items.Values.Select(item => item.Entry).Where(condition).OrderBy(entry => entry.Key, StringComparer.Ordinal)];
    }

    /// <summary>Deleting what is not there is no error.</summary>
    public async Task DeleteAsync(string key, CancellationToken ct)
    {
        await _loaded.Task.WaitAsync(ct);
        using var writing = await WriteAsync(key, ct);
        await RemoveAsync(_items.GetValueOrDefault(key), ct);
    }

    /// <summary>Somebody can take deliveries now who could not before: what waits is tried again.</summary>
    public void Wake()
    {
        Interlocked.Increment(ref _wakes);
        foreach (var item in _items.Values)
        {
            if (item.TryUnstage())
            {
                Run(() => TriggerAsync(item));
            }
        }
    }

    /// <summary>Lets deliveries end for a moment, then breaks them off; those come again after the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        _timers.Dispose();
        _stopping.CancelAfter(Grace);
        try
        {
            await Task.WhenAll(_running.Keys);
        }
        finally
        {
            _stopping.Dispose();
            _deliveries.Dispose();
            _store.Dispose();
            Array.ForEach(_writers, writer => writer.Dispose());
        }
    }

    private async Task LoadAsync()
    {
        while (true)
        {
            try
            {
                foreach (var (slot, entry) in await _store.LoadAsync((key, broken) => Unreadable(_log, broken, key), _stopping.Token))
                {
                    // Null: stopped between the last delivery and the removal, which follows now.
                    Arm(_items[entry.Key] = new Item(slot, entry), ScheduleRules.Next(entry) ?? _clock.GetUtcNow());
                }

                _loaded.TrySetResult();
                return;
            }
            catch (Exception failed) when (!(failed is OperationCanceledException && _stopping.IsCancellationRequested))
            {
                NotLoaded(_log, failed, _appId);
                await Task.Delay(RetryDelay, _clock, _stopping.Token);
            }
        }
    }

    private void Arm(Item item, DateTimeOffset at)
    {
        item.At = at;
        _timers.Add(at, () => Run(() => TriggerAsync(item)));
    }

    private async Task RemoveAsync(Item? item, CancellationToken ct)
    {
        if (item is null)
        {
            return;
        }

        await _store.RemoveAsync(item.Slot, ct);
        item.IsRemoved = true;
        _items.TryRemove(KeyValuePair.Create(item.Entry.Key, item));
        _store.Free(item.Slot);
    }

    // Writes of one entry follow each other; those of different entries mostly do not wait.
    private async Task<Writing> WriteAsync(string key, CancellationToken ct)
    {
        var writer = _writers[(uint)string.GetHashCode(key, StringComparison.Ordinal) % (uint)_writers.Length];
        await writer.WaitAsync(ct);
        return new Writing(writer);
    }

    private void Run(Func<Task> work)
    {
        var task = _stopping.IsCancellationRequested ? Task.CompletedTask : Guarded();
        _running[task] = true;
        _ = task.ContinueWith(done => _running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        async Task Guarded()
        {
            await Task.Yield();
            try
            {
                await work();
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                // Stopping: what was not noted comes again.
            }
        }
    }

    private readonly struct Writing(SemaphoreSlim writer) : IDisposable
    {
        public void Dispose() => writer.Release();
    }

    private sealed class Item(int slot, ScheduleEntry entry)
    {
        private int _staged;

        public int Slot { get; } = slot;

        public ScheduleEntry Entry { get; set; } = entry;

        public DateTimeOffset At { get; set; }

        public volatile bool IsRemoved;

        public void Stage() => Volatile.Write(ref _staged, 1);

        public bool TryUnstage() => Interlocked.Exchange(ref _staged, 0) == 1;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {AppId} has no state store in scope: its jobs and reminders end with this sidecar")]
    private static partial void NotDurable(ILogger log, string appId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Jobs and reminders of app {AppId} could not be read, trying again")]
    private static partial void NotLoaded(ILogger log, Exception error, string appId);

    [LoggerMessage(Level = LogLevel.Error, Message = "What lies under {Key} is no job and no reminder; it is left alone")]
    private static partial void Unreadable(ILogger log, Exception error, string key);
}
