using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.Actors;

/// <summary>When an actor that nobody calls is deactivated.</summary>
public sealed class ActorIdleTests
{
    [Fact]
    public async Task An_idle_actor_is_deactivated_with_its_timers_and_comes_back_at_the_next_call()
    {
        await using var app = await ActorApp.StartAsync("""{"entities":["T","Lasting"],"actorIdleTimeout":"1h","entitiesConfig":[{"entities":["T"],"actorIdleTimeout":"700ms"}]}""");
        await using var sidecar = await ActorSidecar.StartAsync(app);

        await sidecar["app"].CallAsync("T/1", "m");
        await sidecar["app"].CallAsync("Lasting/1", "m");
        await sidecar["app"].ActorAsync("POST", "T/1/timers/t", """{"dueTime":"1500ms"}""").SucceededAsync();
        Assert.Equal(1, await sidecar["app"].CountAsync());
        await Eventually.TrueAsync(() => app.On("DELETE /actors/T/1").Any(), "deactivated");
        await Eventually.TrueAsync(async () => await sidecar["app"].CountAsync() == 0, "and no longer counted");
        await sidecar["app"].CallAsync("T/1", "m");
        await sidecar["app"].ActorAsync("POST", "Lasting/1/timers/fence", """{"dueTime":"1600ms"}""").SucceededAsync();
        await Eventually.TrueAsync(() => app.On("PUT /actors/Lasting/1/method/timer/fence").Any(), "the fence");

        Assert.Empty(app.On("PUT /actors/T/1/method/timer/t"));
        Assert.Empty(app.On("DELETE /actors/Lasting/1"));
        Assert.Equal(2, app.On("PUT /actors/T/1/method/m").Count());
    }

    [Fact]
    public async Task An_actor_that_is_busy_longer_than_it_may_idle_is_left_to_work()
    {
        await using var app = await ActorApp.StartAsync("""{"entities":["T"],"actorIdleTimeout":"50ms","drainOngoingCallTimeout":"1ms"}""");
        var hold = new TaskCompletionSource();
        app.Handle = (request, _) => request.Body == "hold" ? hold.Task : Task.CompletedTask;
        await using var sidecar = await ActorSidecar.StartAsync(app);

        var busy = sidecar["app"].CallAsync("T/1", "m", "hold");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "in");
        foreach (var fence in (string[])["2", "3"])
        {
            await sidecar["app"].CallAsync($"T/{fence}", "m");
            await Eventually.TrueAsync(() => app.On($"DELETE /actors/T/{fence}").Any(), "an idle one goes");
        }

        Assert.Empty(app.On("DELETE /actors/T/1"));
        hold.SetResult();
        await busy;

        await Eventually.TrueAsync(() => app.On("DELETE /actors/T/1").Any(), "then this one too");
    }
}
