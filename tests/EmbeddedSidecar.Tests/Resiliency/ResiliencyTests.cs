using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Resiliency;
using EmbeddedSidecar.Resources;
using Xunit;

namespace EmbeddedSidecar.Tests.Resiliency;

public sealed class ResiliencyTests
{
    [Fact]
    public async Task A_constant_policy_tries_as_often_as_it_says_and_then_lets_the_failure_rise()
    {
        var policy = Policies("retries: { few: { policy: constant, duration: 1ms, maxRetries: 3 } }", "components: { c: { outbound: { retry: few } } }")
            .ForComponentOutbound("c", "Statestore");
        var calls = 0;

        await Assert.ThrowsAsync<IOException>(async () => await policy.RunAsync<int>(_ => throw new IOException($"{++calls}"), CancellationToken.None));

        Assert.Equal(4, calls);
    }

    [Fact]
    public async Task Only_matching_statuses_are_tried_again()
    {
        var policy = Policies(
            "retries: { some: { policy: constant, duration: 1ms, maxRetries: 3, matching: { httpStatusCodes: \"500-502,429\" } } }", "apps: { a: { retry: some } }").ForApp("a");
        var calls = new Dictionary<int, int>();

        foreach (var status in (int[])[404, 429, 503])
        {
            await policy.RunAsync(
                status,
                (code, _) =>
                {
                    calls[code] = calls.GetValueOrDefault(code) + 1;
                    return ValueTask.FromResult(code);
                },
                code => code,
                CancellationToken.None);
        }

        Assert.Equal(new Dictionary<int, int> { [404] = 1, [429] = 4, [503] = 1 }, calls);
    }

    [Fact]
    public async Task A_circuit_breaker_opens_refuses_and_lets_one_try_after_its_time()
    {
        var policy = Policies(
            "circuitBreakers: { cb: { timeout: 50ms, trip: consecutiveFailures >= 2 } }", "components: { c: { outbound: { circuitBreaker: cb } } }")
            .ForComponentOutbound("c", "Binding");
        var calls = 0;
        ValueTask<int> Fail(CancellationToken ct)
        {
            calls++;
            throw new IOException();
        }

        await Assert.ThrowsAsync<IOException>(async () => await policy.RunAsync(Fail, default));
        await Assert.ThrowsAsync<IOException>(async () => await policy.RunAsync(Fail, default));
        await Assert.ThrowsAsync<CircuitOpenException>(async () => await policy.RunAsync(Fail, default));
        Assert.Equal(2, calls);
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return await policy.RunAsync(_ => ValueTask.FromResult(1), default) == 1;
                }
                catch (CircuitOpenException)
                {
                    return false;
                }
            },
            "the breaker lets a call try");
        Assert.Equal(2, await policy.RunAsync(_ => ValueTask.FromResult(2), default));
    }

    [Fact]
    public async Task A_timeout_ends_an_attempt_and_is_a_failure_that_is_tried_again()
    {
        var policy = Policies(
            "timeouts: { t: 20ms }, retries: { r: { policy: constant, duration: 1ms, maxRetries: 1 } }", "apps: { a: { timeout: t, retry: r } }").ForApp("a");
        var calls = 0;

        await Assert.ThrowsAsync<TimeoutException>(async () => await policy.RunAsync(
            async ct =>
            {
                calls++;
                await Task.Delay(Timeout.Infinite, ct);
                return 0;
            },
            default));

        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task A_target_nobody_names_has_the_most_specific_default()
    {
        var policies = Policies(
            "retries: { DefaultRetryPolicy: { maxRetries: 0 }, DefaultStatestoreComponentOutboundRetryPolicy: { duration: 1ms, maxRetries: 2 } }", "apps: {}");
        var calls = 0;

        await Assert.ThrowsAsync<IOException>(
            async () => await policies.ForComponentOutbound("any", "Statestore").RunAsync<int>(_ => throw new IOException($"{++calls}"), default));

        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task A_component_that_is_named_for_one_direction_has_no_default_in_the_other()
    {
        var policies = Policies("retries: { DefaultRetryPolicy: { duration: 1ms, maxRetries: 2 }, none: { maxRetries: 0 } }", "components: { named: { outbound: { retry: none } } }");
        var calls = new Dictionary<string, int>();

        foreach (var name in (string[])["named", "other"])
        {
            await Assert.ThrowsAsync<IOException>(async () => await policies.ForComponentInbound(name, "Pubsub").RunAsync<int>(
                _ =>
                {
                    calls[name] = calls.GetValueOrDefault(name) + 1;
                    throw new IOException();
                },
                default));
        }

        Assert.Equal(new Dictionary<string, int> { ["named"] = 1, ["other"] = 3 }, calls);
    }

    [Theory]
    [InlineData("type", true)]
    [InlineData("id", false)]
    [InlineData("both", false)]
    public async Task A_circuit_breaker_is_one_for_the_type_of_actors_or_one_for_each(string scope, bool opensForAll)
    {
        var policies = Policies(
            "circuitBreakers: { cb: { timeout: 1h, trip: consecutiveFailures >= 1 } }", $"actors: {{ T: {{ circuitBreaker: cb, circuitBreakerScope: {scope}, circuitBreakerCacheSize: 2 }} }}");
        await Assert.ThrowsAsync<IOException>(async () => await policies.ForActor("T", "1").RunAsync<int>(_ => throw new IOException(), default));

        await Assert.ThrowsAsync<CircuitOpenException>(async () => await policies.ForActor("T", "1").RunAsync(_ => ValueTask.FromResult(1), default));
        if (opensForAll)
        {
            await Assert.ThrowsAsync<CircuitOpenException>(async () => await policies.ForActor("T", "2").RunAsync(_ => ValueTask.FromResult(1), default));
            return;
        }

        // The third of at most two pushes out the first, whose breaker is forgotten.
        Assert.Equal(2, await policies.ForActor("T", "2").RunAsync(_ => ValueTask.FromResult(2), default));
        Assert.Equal(3, await policies.ForActor("T", "3").RunAsync(_ => ValueTask.FromResult(3), default));
        Assert.Equal(1, await policies.ForActor("T", "1").RunAsync(_ => ValueTask.FromResult(1), default));
    }

    [Theory]
    [InlineData("")]
    [InlineData(", circuitBreakerScope: all")]
    public void A_circuit_breaker_of_actors_must_say_its_scope(string scope)
    {
        var refused = Assert.Throws<SidecarConfigurationException>(() => Policies("circuitBreakers: { cb: {} }", $"actors: {{ T: {{ circuitBreaker: cb{scope} }} }}"));

        Assert.Contains("circuitBreakerScope", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("consecutiveFailures > 5", true)]
    [InlineData("requests > 20 && totalFailures * 100 / requests >= 30", false)]
    [InlineData("(totalSuccesses == 0 || requests < 1) && !(consecutiveSuccesses > 0)", true)]
    public void A_trip_expression_is_evaluated(string text, bool trips) =>
        Assert.Equal(trips, TripExpression.Parse(text)(new BreakerCounts(10, 0, 6, 0, 6)));

    [Fact]
    public async Task A_policy_that_is_not_defined_is_refused_at_start()
    {
        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => SidecarFixture.StartAsync(
            Document("retries: {}", "apps: { a: { retry: nope } }"), new AppSettings { AppId = "app" }));

        Assert.Contains("\"nope\"", refused.Message, StringComparison.Ordinal);
    }

    private static ResiliencyPolicies Policies(string policies, string targets)
    {
        var reader = new ResourceReader("app", null);
        using var text = new StringReader(Document(policies, targets));
        reader.Documents(text, "resiliency.yaml");
        return new ResiliencyPolicies(reader.Result().Resiliencies, TimeProvider.System);
    }

    private static string Document(string policies, string targets) => $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: r }
        spec:
          policies: { {{policies}} }
          targets: { {{targets}} }
        """;
}
