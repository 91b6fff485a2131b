namespace EmbeddedSidecar.Workflows;

/// <summary>Which instances stay in memory: those used last, up to a number of events.</summary>
internal sealed class ActorCache(int maxEvents)
{
    private readonly Dictionary<InstanceActor, LinkedListNode<(InstanceActor Actor, int Weight)>> _nodes = [];
    private readonly LinkedList<(InstanceActor Actor, int Weight)> _byUse = [];
    private readonly Lock _gate = new();
    private long _events;

    /// <summary>The actor was just used. Gives those that should go now; they are out of the list whether they can go or not.</summary>
    public IReadOnlyList<InstanceActor> Touch(InstanceActor actor)
    {
        lock (_gate)
        {
            Unlink(actor);
            var weight = actor.Weight;
            _nodes[actor] = _byUse.AddLast((actor, weight));
            _events += weight;
            if (_events <= maxEvents)
            {
                return [];
            }

            List<InstanceActor> old = [];
            while (_events > maxEvents && _byUse.First is { } first && first.Value.Actor != actor)
            {
                old.Add(first.Value.Actor);
                Unlink(first.Value.Actor);
            }

            return old;
        }
    }

    public void Remove(InstanceActor actor)
    {
        lock (_gate)
        {
            Unlink(actor);
        }
    }

    private void Unlink(InstanceActor actor)
    {
        if (_nodes.Remove(actor, out var node))
        {
            _events -= node.Value.Weight;
            _byUse.Remove(node);
        }
    }
}
