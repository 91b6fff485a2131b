using System.Collections.Concurrent;
using EmbeddedSidecar.Resources;
using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.Resiliency;

/// <summary>The policies of one app, by target. A target that no resource names has the default policies, if such are defined.</summary>
internal sealed class ResiliencyPolicies
{
    private readonly TimeProvider _clock;
    private readonly DaprMetrics? _metrics;
    private readonly Dictionary<string, RetryRule> _retries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> _timeouts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<CircuitBreaker>> _breakers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PolicyNames> _targets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PolicyCache> _eachActor = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Policy> _made = new(StringComparer.Ordinal);

    public ResiliencyPolicies(IReadOnlyList<ResiliencyResource> resources, TimeProvider clock, DaprMetrics? metrics = null)
    {
        _clock = clock;
        _metrics = metrics;
        foreach (var resource in resources)
        {
            metrics?.PolicyLoaded(resource.Name);
            Read(resource.Spec);
        }

        foreach (var (target, names) in _targets)
        {
            names.RefuseUnknown(target, _retries, _timeouts, _breakers);
        }

        Names = [.. resources.Select(resource => resource.Name)];
    }

    /// <summary>The resources behind this, for the metadata API.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>For calls to another app.</summary>
    public Policy ForApp(string appId) => Find("apps/" + appId, ["App", ""], "outbound", "app_", appId);

    /// <summary>For calls into a component: state, publish, output binding, secret.</summary>
    /// <param name="kind">Pubsub, Statestore, Binding, Secretstore ...: chooses among the defaults.</param>
    public Policy ForComponentOutbound(string name, string kind) =>
        Find($"components/{name}/outbound", [kind + "ComponentOutbound", "ComponentOutbound", "Component", ""], "outbound", kind + "_", name);

    /// <summary>For what a component brings to the app: messages, input bindings.</summary>
    public Policy ForComponentInbound(string name, string kind) =>
        Find($"components/{name}/inbound", [kind + "ComponentInbound", "ComponentInbound", "Component", ""], "inbound", kind + "_", name);

    /// <summary>For calls to an actor. A circuit breaker is one for the type, or one for each actor, as circuitBreakerScope says.</summary>
    public Policy ForActor(string type, string id) => _eachActor.TryGetValue(type, out var policies)
        ? policies.Get(id, () => Make("actors/" + type, [], "outbound", "actor_" + type))
        : Find("actors/" + type, ["Actor", ""], "outbound", "actor_", type);

    private Policy Find(string target, string[] defaults, string direction, string prefix, string name) =>
        _made.TryGetValue(target, out var policy) ? policy : _made.GetOrAdd(target, Make(target, defaults, direction, prefix + name));

    private Policy Make(string target, string[] defaults, string direction, string metricTarget)
    {
        if (!_targets.TryGetValue(target, out var names))
        {
            names = new PolicyNames(
                First(defaults, "RetryPolicy", _retries), First(defaults, "TimeoutPolicy", _timeouts), First(defaults, "CircuitBreakerPolicy", _breakers), "");
        }

        return names is { Retry: null, Timeout: null, Breaker: null }
            ? Policy.None
            : new Policy(
                names.Retry is null ? null : _retries[names.Retry],
                names.Breaker is null ? null : _breakers[names.Breaker](),
                names.Timeout is null ? null : _timeouts[names.Timeout],
                _clock,
                _metrics is null ? null : new PolicyMeter(_metrics, Names.Count > 0 ? Names[^1] : "", direction, metricTarget));
    }

    private static string? First<T>(string[] defaults, string what, Dictionary<string, T> known) =>
        defaults.Select(kind => $"Default{kind}{what}").FirstOrDefault(known.ContainsKey);

    private void Read(YamlMap spec)
    {
        spec.RefuseOthers("a Resiliency's spec", "policies", "targets");
        if (spec.Map("policies") is { } policies)
        {
            policies.RefuseOthers("policies", "timeouts", "retries", "circuitBreakers");
            foreach (var (name, value) in policies.Pairs("timeouts"))
            {
                _timeouts[name] = Components.GoDuration.TryParse(value, out var timeout)
                    ? timeout
                    : throw policies.Refuse("timeouts", $"{name} is not a duration: \"{value}\"");
            }

            Each(policies, "retries", (name, retry) => _retries[name] = Retry(retry));
            Each(policies, "circuitBreakers", (name, breaker) => _breakers[name] = Breaker(breaker));
        }

        if (spec.Map("targets") is { } targets)
        {
            targets.RefuseOthers("targets", "apps", "actors", "components");
            Each(targets, "apps", (name, app) => _targets["apps/" + name] = PolicyNames.Read(app, "circuitBreakerCacheSize"));
            Each(targets, "actors", (name, actor) =>
            {
                var names = _targets["actors/" + name] = PolicyNames.Read(actor, "circuitBreakerScope", "circuitBreakerCacheSize");
                if (names.Breaker is not null && Scope(actor) != "type")
                {
                    // To daprd, too, "both" is the same as "id".
                    _eachActor[name] = new PolicyCache(actor.Integer("circuitBreakerCacheSize") is > 0 and var most ? most : 5000);
                }
            });
            Each(targets, "components", (name, component) =>
            {
                component.RefuseOthers("a component target", "outbound", "inbound");
                foreach (var direction in (string[])["outbound", "inbound"])
                {
                    // Whoever is named at all has no defaults, in neither direction.
                    _targets[$"components/{name}/{direction}"] = component.Map(direction) is { } policy ? PolicyNames.Read(policy) : PolicyNames.None;
                }
            });
        }
    }

    private static void Each(YamlMap parent, string name, Action<string, YamlMap> read)
    {
        if (parent.Map(name) is { } map)
        {
            foreach (var key in map.Names)
            {
                read(key, map.Map(key) ?? throw map.Refuse(key, "must be a mapping"));
            }
        }
    }

    private static string Scope(YamlMap actor) => actor.Text("circuitBreakerScope") is { } scope and ("type" or "id" or "both")
        ? scope
        : throw actor.Refuse("circuitBreakerScope", "must be type, id or both where a circuitBreaker is named");

    private static RetryRule Retry(YamlMap retry)
    {
        retry.RefuseOthers("a retry policy", "policy", "duration", "maxInterval", "maxRetries", "matching");
        var standard = new RetryRule();
        var matching = retry.Map("matching");
        matching?.RefuseOthers("matching", "httpStatusCodes", "gRPCStatusCodes");
        return new RetryRule
        {
            Exponential = (retry.Text("policy") ?? "constant") switch
            {
                "constant" => false,
                "exponential" => true,
                _ => throw retry.Refuse("policy", "must be constant or exponential"),
            },
            Interval = retry.Duration("duration") ?? standard.Interval,
            MaxInterval = retry.Duration("maxInterval") ?? standard.MaxInterval,
            MaxRetries = retry.Integer("maxRetries") ?? standard.MaxRetries,
            HttpStatuses = Ranges(matching, "httpStatusCodes"),
            GrpcStatuses = Ranges(matching, "gRPCStatusCodes"),
        };
    }

    private static StatusRanges? Ranges(YamlMap? matching, string name) =>
        matching?.Text(name) is not { Length: > 0 } text ? null
        : StatusRanges.TryParse(text, out var ranges) ? ranges
        : throw matching.Refuse(name, "must be codes and ranges such as 429,500-599");

    private Func<CircuitBreaker> Breaker(YamlMap breaker)
    {
        breaker.RefuseOthers("a circuit breaker", "maxRequests", "interval", "timeout", "trip");
        var maxRequests = Math.Max(1, breaker.Integer("maxRequests") ?? 1);
        var interval = breaker.Duration("interval") ?? TimeSpan.Zero;
        var timeout = breaker.Duration("timeout") ?? TimeSpan.FromSeconds(60);
        try
        {
            var trips = TripExpression.Parse(breaker.Text("trip") is { Length: > 0 } trip ? trip : "consecutiveFailures > 5");
            return () => new CircuitBreaker(maxRequests, interval, timeout, trips, _clock);
        }
        catch (FormatException broken)
        {
            throw breaker.Refuse("trip", broken.Message);
        }
    }

    private sealed record PolicyNames(string? Retry, string? Timeout, string? Breaker, string File)
    {
        public static readonly PolicyNames None = new(null, null, null, "");

        public static PolicyNames Read(YamlMap target, params string[] others)
        {
            target.RefuseOthers("a resiliency target", ["timeout", "retry", "circuitBreaker", .. others]);
            return new PolicyNames(target.Text("retry"), target.Text("timeout"), target.Text("circuitBreaker"), target.File);
        }

        public void RefuseUnknown(
            string target, Dictionary<string, RetryRule> retries, Dictionary<string, TimeSpan> timeouts, Dictionary<string, Func<CircuitBreaker>> breakers)
        {
            var unknown =
                Retry is not null && !retries.ContainsKey(Retry) ? Retry
                : Timeout is not null && !timeouts.ContainsKey(Timeout) ? Timeout
                : Breaker is not null && !breakers.ContainsKey(Breaker) ? Breaker
                : null;
            if (unknown is not null)
            {
                throw new Components.SidecarConfigurationException($"{File}: target {target} names policy \"{unknown}\", which is not defined.");
            }
        }
    }
}
