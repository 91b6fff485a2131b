namespace EmbeddedSidecar.Resiliency;

/// <summary>Policies with a circuit breaker for each actor. Of too many the oldest are forgotten, and begin anew with a closed breaker.</summary>
internal sealed class PolicyCache(int most)
{
    private readonly Dictionary<string, Policy> _policies = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();
    private readonly Lock _gate = new();

    public Policy Get(string id, Func<Policy> make)
    {
        lock (_gate)
        {
            if (_policies.TryGetValue(id, out var known))
            {
                return known;
            }

            if (_order.Count == most)
            {
                _policies.Remove(_order.Dequeue());
            }

            _order.Enqueue(id);
            return _policies[id] = make();
        }
    }
}
