namespace EmbeddedSidecar.PubSub.InMemory;

/// <summary>The topics of all pubsub.in-memory components of a process; components of one name share theirs.</summary>
internal sealed class InMemoryBus
{
    private readonly Lock _gate = new();
    private readonly List<InMemorySubscription> _subscriptions = [];
    private int _turn;

    public void Join(InMemorySubscription subscription)
    {
        lock (_gate)
        {
            _subscriptions.Add(subscription);
        }
    }

    public void Leave(InMemorySubscription subscription)
    {
        lock (_gate)
        {
            _subscriptions.Remove(subscription);
        }
    }

    /// <summary>Who gets a message: of each consumer group one member, by turns.</summary>
    public IReadOnlyList<InMemorySubscription> Receivers(string component, string topic)
    {
        lock (_gate)
        {
            var turn = _turn++ & int.MaxValue;
            return
            [
                .. _subscriptions
                    .Where(one => one.Hears(component, topic))
                    .GroupBy(one => (one.ConsumerId, one.Topic), (_, members) => members.ToList())
                    .Select(members => members[turn % members.Count]),
            ];
        }
    }
}
