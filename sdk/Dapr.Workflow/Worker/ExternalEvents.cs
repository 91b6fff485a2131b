using Dapr.Common.Serialization;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Workflow.Worker;

/// <summary>Events from outside: names in any case, first come first served, those nobody waits for yet are kept.</summary>
internal sealed class ExternalEvents(IDaprSerializer serializer)
{
    private readonly List<Waiter> _waiters = [];
    private readonly List<Proto.HistoryEvent> _unread = [];

    /// <summary>What nobody waited for, oldest first.</summary>
    public IReadOnlyList<Proto.HistoryEvent> Unread => _unread;

    public bool HasWaiters => _waiters.Count > 0;

    public void Raise(Proto.HistoryEvent raised)
    {
        var index = _waiters.FindIndex(waiter => Matches(waiter.Name, raised));
        if (index < 0)
        {
            _unread.Add(raised);
            return;
        }

        // Out of the list first: completing it runs the workflow's code, which may wait again.
        var waiter = _waiters[index];
        _waiters.RemoveAt(index);
        waiter.Complete(raised.EventRaised.Input);
    }

    /// <summary>A wait; giving it up is the second part of the answer.</summary>
    public (Task<T> Task, Action<CancellationToken> Cancel) Wait<T>(string name)
    {
        var waiter = new Waiter<T>(name, serializer);
        var index = _unread.FindIndex(raised => Matches(name, raised));
        if (index >= 0)
        {
            var raised = _unread[index];
            _unread.RemoveAt(index);
            waiter.Complete(raised.EventRaised.Input);
            return (waiter.Task, static _ => { });
        }

        _waiters.Add(waiter);
        return (waiter.Task, ct =>
        {
            if (_waiters.Remove(waiter))
            {
                waiter.Cancel(ct);
            }
        });
    }

    private static bool Matches(string name, Proto.HistoryEvent raised) =>
        name.Equals(raised.EventRaised.Name, StringComparison.OrdinalIgnoreCase);

    private abstract class Waiter(string name)
    {
        public string Name { get; } = name;

        public abstract void Complete(string? payload);
    }

    private sealed class Waiter<T>(string name, IDaprSerializer serializer) : Waiter(name)
    {
        private readonly TaskCompletionSource<T> _source = new();

        public Task<T> Task => _source.Task;

        public override void Complete(string? payload) => _source.SetFrom(serializer, payload);

        public void Cancel(CancellationToken ct) => _source.TrySetCanceled(ct);
    }
}
