namespace EmbeddedSidecar.Telemetry;

/// <content>Policies, and what they did.</content>
internal sealed partial class DaprMetrics
{
    private static readonly string[] _breakerStates = ["closed", "half-open", "open", "unknown"];
    private Metric _policies = null!, _policyUsed = null!, _policyActed = null!, _breakerState = null!;

    /// <summary>A resiliency resource was read.</summary>
    public void PolicyLoaded(string name) => _policies.Count(new(name));

    /// <summary>A call is made under a policy.</summary>
    /// <param name="policy">retry, timeout or circuitbreaker.</param>
    /// <param name="status">The state of a breaker, empty for others.</param>
    public void PolicyUsed(string name, string policy, string direction, string target, string status) =>
        _policyUsed.Count(new(name, policy, direction, target, status));

    /// <summary>A policy did something: tried again, cut off, or changed its state.</summary>
    public void PolicyActed(string name, string policy, string direction, string target, string status) =>
        _policyActed.Count(new(name, policy, direction, target, status));

    /// <summary>One series per state, 1 for the one it is in.</summary>
    public void BreakerIs(string name, string direction, string target, string state)
    {
        foreach (var one in _breakerStates)
        {
            _breakerState.Set(one == state ? 1 : 0, new(name, "circuitbreaker", direction, target, one));
        }
    }

    private void AddResiliency()
    {
        string[] labels = ["name", "policy", "flow_direction", "target", "status"];
        _policies = NamespacedCounter("resiliency_loaded", "Number of resiliency policies loaded.", "name");
        _policyUsed = NamespacedCounter("resiliency_count", "Number of times a resiliency policy has been applied to a building block.", labels);
        _policyActed = NamespacedCounter(
            "resiliency_activations_total", "Number of times a resiliency policy has been activated in a building block after a failure or after a state change.", labels);
        _breakerState = Make(
            "resiliency_cb_state", "Whether a circuit breaker is in the state that label status names.", MetricKind.Gauge, _appAndNamespace, labels);
    }
}
