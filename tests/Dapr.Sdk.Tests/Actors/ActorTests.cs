using System.Text.Json;
using Dapr.Actors;
using Dapr.Actors.Client;
using Dapr.Actors.Communication;
using Dapr.Actors.Runtime;
using Xunit;

namespace Dapr.Sdk.Tests;

/// <summary>Actors as a service's unit tests make them, and the small types around them.</summary>
public sealed class ActorTests
{
    [Fact]
    public async Task An_actor_in_a_test_has_an_id_and_refuses_what_was_not_replaced()
    {
        var lines = new List<string>();
        var actor = new Counter(ActorHost.CreateForTest<Counter>("Shop", new ActorTestOptions { ActorId = new ActorId("a1") }), new CounterLog(lines));

        Assert.Equal(("a1", "Shop"), (actor.Id.GetId(), actor.Host.ActorTypeInfo.ActorTypeName));
        Assert.Equal("tea", (await actor.BuyAsync("tea", 1)).Item);
        await Assert.ThrowsAsync<InvalidOperationException>(() => actor.AddAsync(1, CancellationToken.None));
        await Assert.ThrowsAsync<NotImplementedException>(() => actor.RegisterTimerAsync("t", "OnTimerAsync", [], TimeSpan.Zero, TimeSpan.Zero));
        Assert.Throws<NotImplementedException>(() => actor.ProxyFactory.Create(actor.Id, "Counter"));
    }

    [Theory]
    [InlineData("Nothing")]
    [InlineData(nameof(Timers.Twice))]
    [InlineData(nameof(Timers.TwoAsync))]
    [InlineData(nameof(Timers.NumberAsync))]
    public async Task A_timer_calls_one_method_that_takes_bytes_at_most_and_returns_a_task(string callback)
    {
        var actor = new Timers(ActorHost.CreateForTest<Timers>());

        await Assert.ThrowsAsync<ArgumentException>(() => actor.RegisterTimerAsync("t", callback, [], TimeSpan.Zero, TimeSpan.Zero));
    }

    [Fact]
    public void Times_that_cannot_be_are_refused()
    {
        var id = new ActorId("a");
        var second = TimeSpan.FromSeconds(1);

        Assert.Throws<ArgumentOutOfRangeException>(() => new ActorReminder("T", id, "r", [], -second, second));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ActorReminder("T", id, "r", [], second, -second));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ActorReminder("T", id, "r", [], second, second, TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ActorReminder("T", id, "r", [], second, second, repetitions: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ActorTimer("T", id, "t", "c", [], second, second, TimeSpan.Zero));
        Assert.Equal(-1, new ActorReminder("T", id, "r", [], second, TimeSpan.FromMilliseconds(-1)).Period.TotalMilliseconds);
    }

    [Theory]
    [InlineData("", -1)]
    [InlineData("1h2m3s4ms", 3_723_004)]
    [InlineData("1.5s", 1_500)]
    [InlineData("@every 1m0s", 60_000)]
    [InlineData("@daily", 86_400_000)]
    [InlineData("PT30S", 30_000)]
    [InlineData("R5/P1DT2H", 93_600_000)]
    public void Durations_of_the_runtime_are_understood(string text, double milliseconds) => Assert.Equal(milliseconds, Durations.Parse(text).TotalMilliseconds);

    [Fact]
    public void Durations_that_are_none_are_refused()
    {
        Assert.Throws<FormatException>(() => Durations.Parse("soon"));
        Assert.Throws<ArgumentException>(() => Durations.WritePeriod(TimeSpan.FromMilliseconds(1500), 2));
        Assert.Equal("R2/P1DT1S", Durations.WritePeriod(new TimeSpan(1, 0, 0, 1), 2));
        Assert.Equal("", Durations.Write(TimeSpan.FromMilliseconds(-1)));
    }

    [Fact]
    public async Task A_reminder_reads_back_with_what_the_scheduler_made_of_it()
    {
        await using var sidecar = await HttpStandIn.StartAsync();
        var answer = """{"dueTime":"1h2m3s4ms","period":"@every 1m0s","data":"AQID"}""";
        sidecar.Answer = async (_, response) =>
        {
            response.StatusCode = 200;
            await response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(answer));
        };
        var timers = new SidecarTimers(new SidecarActors(handler: null, sidecar.Address, apiToken: null, timeout: null));
        var token = new ActorReminderToken("Counter", new ActorId("a1"), "r");

        var kept = await timers.GetReminderAsync(token);
        answer = "{}";
        var none = await timers.GetReminderAsync(token);

        Assert.Equal((3_723_004d, 60_000d, 3), (kept.DueTime.TotalMilliseconds, kept.Period.TotalMilliseconds, kept.State.Length));
        Assert.Null(none);
        Assert.Equal("GET //v1.0/actors/Counter/a1/reminders/r", sidecar.Requests.First().Line);
    }

    [Fact]
    public void Ids_compare_without_case_and_are_text_in_json()
    {
        Assert.True(new ActorId("A") == new ActorId("a"));
        Assert.True(new ActorId("A") != new ActorId("b"));
        Assert.Equal("""["a"]""", JsonSerializer.Serialize(new[] { new ActorId("a") }));
        Assert.Equal(new ActorId("a"), JsonSerializer.Deserialize<ActorId>("\"a\""));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<ActorId>("\" \""));
        Assert.Throws<ArgumentException>(() => new ActorId(" "));
        Assert.NotEqual(ActorId.CreateRandom(), ActorId.CreateRandom());
    }

    [Fact]
    public void A_type_is_named_by_argument_attribute_or_class()
    {
        Assert.Equal("Given", ActorTypeInformation.Get(typeof(Timers), "Given").ActorTypeName);
        Assert.Equal("attributed", ActorTypeInformation.Get(typeof(Timers), null).ActorTypeName);
        Assert.Equal("Counter", ActorTypeInformation.Get(typeof(Counter), null).ActorTypeName);
        Assert.Equal((true, false), (ActorTypeInformation.Get(typeof(Counter), null).IsRemindable, ActorTypeInformation.Get(typeof(Timers), null).IsRemindable));
        Assert.Throws<ArgumentException>(() => ActorTypeInformation.Get(typeof(string), null));
        Assert.Equal([typeof(ICounter)], ActorTypeInformation.Get(typeof(Counter), null).InterfaceTypes);
    }

    [Fact]
    public void Options_default_as_the_official_ones()
    {
        var proxy = new ActorProxyOptions();
        Assert.Equal(("http://localhost:3500/", "", false), (proxy.HttpEndpoint, proxy.DaprApiToken, proxy.UseJsonSerialization));
        var runtime = new ActorRuntimeOptions();
        Assert.Equal((false, false, (string?)null), (runtime.UseJsonSerialization, runtime.ReentrancyConfig.Enabled, runtime.HttpEndpoint));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<int>("\"1\"", runtime.JsonSerializerOptions));
        Assert.Equal(1, JsonSerializer.Deserialize<int>("\"1\"", proxy.JsonSerializerOptions));
        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.ActorIdleTimeout = TimeSpan.Zero);
    }
}

public interface ITimers : IActor
{
    Task TickAsync();
}

[Actor(TypeName = "attributed")]
public class Timers(ActorHost host) : Actor(host), ITimers
{
    public Task TickAsync() => Task.CompletedTask;

    public static Task Twice() => Task.CompletedTask;

    public static Task Twice(byte[] data) => Task.FromResult(data);

    public static Task TwoAsync(byte[] data, int number) => Task.FromResult((data, number));

    public static Task<int> NumberAsync() => Task.FromResult(1);
}
