using Dapr.Actors;
using Dapr.Actors.Communication;
using Dapr.Actors.Runtime;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Dapr.Sdk.Tests;

/// <summary>The state manager against a stand-in that answers with what the test put there.</summary>
public sealed class ActorStateTests : IAsyncLifetime
{
    private readonly Dictionary<string, (string Json, string? Expires)> _stored = [];
    private readonly Clock _clock = new();
    private HttpStandIn _sidecar = null!;
    private IActorStateManager _state = null!;

    public async Task InitializeAsync()
    {
        _sidecar = await HttpStandIn.StartAsync();
        _sidecar.Answer = async (request, response) =>
        {
            if (request.Method == "GET" && _stored.TryGetValue(request.Target.Split('/')[^1], out var stored))
            {
                response.StatusCode = 200;
                response.Headers["metadata.ttlexpiretime"] = stored.Expires;
                await response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(stored.Json));
            }
        };
        var host = new ActorHost(
            ActorTypeInformation.Get(typeof(Relay), actorTypeName: null),
            new ActorId("r1"),
            new ActorRuntimeOptions().JsonSerializerOptions,
            NullLoggerFactory.Instance,
            proxyFactory: null!,
            timerManager: null!)
        {
            Sidecar = new SidecarActors(handler: null, _sidecar.Address, apiToken: null, timeout: null),
            Clock = _clock,
        };
        _state = new Relay(host).StateManager;
    }

    public async Task DisposeAsync() => await _sidecar.DisposeAsync();

    [Fact]
    public async Task A_state_is_read_once_and_read_again_after_the_cache_was_cleared()
    {
        _stored["a"] = ("""{"Item":"tea","count":"3"}""", null);
        await Assert.ThrowsAsync<System.Text.Json.JsonException>(() => _state.GetStateAsync<Receipt>("a"));
        _stored["a"] = ("""{"Item":"tea","count":3}""", null);

        Assert.Equal("tea", (await _state.GetStateAsync<Receipt>("a")).Item);
        Assert.Equal(3, (await _state.TryGetStateAsync<Receipt>("a")).Value.Count);
        Assert.Equal(2, _sidecar.Requests.Count);

        await _state.ClearCacheAsync();
        await _state.GetStateAsync<Receipt>("a");
        await _state.UnloadStateAsync("a");
        await _state.GetStateAsync<Receipt>("a");
        Assert.Equal(4, _sidecar.Requests.Count);
        await _state.SaveStateAsync();
        Assert.DoesNotContain(_sidecar.Requests, request => request.Method == "PUT");
    }

    [Fact]
    public async Task What_is_missing_or_already_there_is_said()
    {
        _stored["there"] = ("1", null);

        await Assert.ThrowsAsync<KeyNotFoundException>(() => _state.GetStateAsync<int>("missing"));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => _state.RemoveStateAsync("missing"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _state.AddStateAsync("there", 2));
        Assert.False((await _state.TryGetStateAsync<int>("missing")).HasValue);
        Assert.False(await _state.TryRemoveStateAsync("missing"));
        Assert.False(await _state.TryAddStateAsync("there", 2));
        Assert.Equal((true, false), (await _state.ContainsStateAsync("there"), await _state.ContainsStateAsync("missing")));
        Assert.Equal(1, await _state.GetOrAddStateAsync("there", 9));
    }

    [Fact]
    public async Task Changes_go_out_together_and_once()
    {
        _stored["old"] = ("1", null);
        _stored["gone"] = ("1", null);

        await _state.SetStateAsync("new", 5);
        await _state.AddOrUpdateStateAsync("old", 100, (_, old) => old + 1);
        await _state.RemoveStateAsync("gone");
        await _state.AddStateAsync("brief", 1);
        await _state.RemoveStateAsync("brief");
        Assert.Equal("x", await _state.GetOrAddStateAsync("lazy", "x"));
        await _state.SaveStateAsync();
        await _state.SaveStateAsync();

        Assert.Equal(
            """PUT //v1.0/actors/Relay/r1/state [{"operation":"upsert","request":{"key":"new","value":5}},{"operation":"upsert","request":{"key":"old","value":2}},{"operation":"delete","request":{"key":"gone"}},{"operation":"upsert","request":{"key":"lazy","value":"x"}}]""",
            _sidecar.Requests.Single(request => request.Method == "PUT").Line);
    }

    [Fact]
    public async Task A_time_to_live_goes_out_in_seconds_that_are_left_and_comes_back_as_a_time()
    {
        _stored["soon"] = ("1", "2027-03-01T00:01:00Z");
        _stored["past"] = ("1", "2027-02-28T23:59:59Z");
        await _state.SetStateAsync("a", 1, TimeSpan.FromSeconds(60));
        Assert.True(await _state.ContainsStateAsync("soon"));
        Assert.False(await _state.ContainsStateAsync("past"));
        Assert.Equal(1, await _state.GetStateAsync<int>("soon"));

        _clock.Now += TimeSpan.FromSeconds(10.5);
        await _state.SaveStateAsync();
        Assert.EndsWith("""[{"operation":"upsert","request":{"key":"a","value":1,"metadata":{"ttlInSeconds":"50"}}}]""", _sidecar.Requests.Last().Line, StringComparison.Ordinal);

        _clock.Now += TimeSpan.FromSeconds(50);
        Assert.False((await _state.TryGetStateAsync<int>("soon")).HasValue);
        Assert.False((await _state.TryGetStateAsync<int>("a")).HasValue);
        Assert.True(await _state.TryAddStateAsync("a", 2, TimeSpan.FromSeconds(5)));
        await _state.SetStateAsync("a", 3);
        await _state.SaveStateAsync();
        Assert.EndsWith("""[{"operation":"upsert","request":{"key":"a","value":3}}]""", _sidecar.Requests.Last().Line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_is_not_unloaded_unless_that_is_wanted()
    {
        await _state.SetStateAsync("a", 1);

        await Assert.ThrowsAsync<InvalidOperationException>(() => _state.UnloadStateAsync("a"));
        await _state.UnloadStateAsync("a", new UnloadStateOptions { AllowUnloadingWhenStateModified = true });
        await _state.SaveStateAsync();

        Assert.DoesNotContain(_sidecar.Requests, request => request.Method == "PUT");
    }

    [Fact]
    public async Task A_save_that_failed_can_be_tried_again()
    {
        await _state.SetStateAsync("a", 1);
        var answer = _sidecar.Answer;
        _sidecar.Answer = (_, response) => Task.FromResult(response.StatusCode = 500);
        await Assert.ThrowsAsync<DaprApiException>(() => _state.SaveStateAsync());
        _sidecar.Answer = answer;

        await _state.SaveStateAsync();

        Assert.Equal(2, _sidecar.Requests.Count(request => request.Method == "PUT"));
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2027, 3, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
