using Dapr.Client.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace EmbeddedSidecar.Tests.Actors;

public sealed class ActorTimerTests : IAsyncLifetime
{
    private ActorApp _app = null!;
    private SidecarFixture _sidecar = null!;

    public async Task InitializeAsync()
    {
        _app = await ActorApp.StartAsync();
        _sidecar = await ActorSidecar.StartAsync(_app, new AppSettings { AppId = "other" });
        await _sidecar["app"].CallAsync("T/1", "activate");
    }

    public async Task DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task A_timer_fires_with_the_times_it_was_given_as_often_as_it_says()
    {
        await StartTimerAsync("t", """{"data":{"n":[1]},"dueTime":"0h0m0s50ms","period":"R3/PT1S","callback":"cb"}""");
        await StartTimerAsync("now", """{"callback":"cb","period":"20ms","ttl":"70ms"}""");
        await Eventually.TrueAsync(() => Fired("t") == 3, "three times");
        await FenceAsync("1500ms");

        var first = _app.On("PUT /actors/T/1/method/timer/t").First();
        Assert.Equal("""{"callback":"cb","data":{"n":[1]},"dueTime":"0h0m0s50ms","period":"R3/PT1S"}""", first.Body);
        Assert.Equal("application/json", first.Headers["Content-Type"]);
        Assert.Equal(3, Fired("t"));
        Assert.Equal("""{"callback":"cb","dueTime":"","period":"20ms"}""", _app.On("PUT /actors/T/1/method/timer/now").First().Body);
        Assert.Equal(4, Fired("now"));
    }

    [Fact]
    public async Task A_timer_is_replaced_by_its_name_ends_when_deleted_or_when_the_app_says_so_and_survives_a_failure()
    {
        _app.Handle = (request, http) =>
        {
            http.Response.StatusCode = request.Line.EndsWith("/failing", StringComparison.Ordinal) && Fired("failing") == 1 ? 500 : 200;
            if (request.Line.EndsWith("/cancelling", StringComparison.Ordinal))
            {
                http.Response.Headers["X-DaprReminderCancel"] = "true";
            }

            return Task.CompletedTask;
        };

        await StartTimerAsync("replaced", """{"dueTime":"100ms","period":"10ms","data":1}""");
        await StartTimerAsync("replaced", """{"dueTime":"120ms","data":2}""");
        await StartTimerAsync("deleted", """{"dueTime":"100ms"}""");
        await _sidecar["app"].ActorAsync("DELETE", "T/1/timers/deleted").SucceededAsync();
        await StartTimerAsync("cancelling", """{"dueTime":"10ms","period":"10ms"}""");
        await StartTimerAsync("failing", """{"dueTime":"10ms","period":"R3/PT1S"}""");
        await Eventually.TrueAsync(() => Fired("failing") == 3, "goes on after a failure");
        await FenceAsync("300ms");

        Assert.Equal("2", _app.On("PUT /actors/T/1/method/timer/replaced").Single().Json.GetProperty("data").GetRawText());
        Assert.Equal((0, 1), (Fired("deleted"), Fired("cancelling")));
    }

    [Theory]
    [InlineData("""{"dueTime":"soon"}""", "error parsing timer due time: unsupported time/duration format: soon")]
    [InlineData("""{"dueTime":"1s","period":"R0/PT1S"}""", "has zero repetitions")]
    [InlineData("""{"dueTime":"1s","period":"often"}""", "invalid timer period: parse error: unsupported duration format: often")]
    [InlineData("""{"dueTime":"1s","ttl":"2020-01-01T00:00:00Z"}""", "has already expired")]
    public async Task A_timer_that_cannot_be_is_refused(string body, string why)
    {
        await _sidecar["app"].ActorAsync("POST", "T/1/timers/t", body).RefusedAsync(500, "ERR_ACTOR_TIMER_CREATE", why);
        await _sidecar["other"].ActorAsync("POST", "T/1/timers/t", """{"dueTime":"1s"}""").RefusedAsync(500, "ERR_ACTOR_TIMER_CREATE", "actor type not registered");
    }

    [Fact]
    public async Task A_timer_waits_for_the_turn_of_its_actor()
    {
        var hold = new TaskCompletionSource();
        _app.Handle = (request, _) => request.Body == "hold" ? hold.Task : Task.CompletedTask;
        var busy = _sidecar["app"].CallAsync("T/1", "m", "hold");
        await Eventually.TrueAsync(() => _app.On("PUT /actors/T/1/method/m").Any(), "in");

        await StartTimerAsync("t", "{}");
        await FenceAsync("150ms");
        Assert.Equal(0, Fired("t"));
        hold.SetResult();
        await busy;

        await Eventually.TrueAsync(() => Fired("t") == 1, "after the call");
    }

    [Fact]
    public async Task Timers_over_grpc_carry_bytes_as_base64()
    {
        using var wire = new GrpcWire(_sidecar["app"].GrpcEndpoint);
        var timer = new RegisterActorTimerRequest { ActorType = "T", ActorId = "1", Name = "t", DueTime = "10ms", Callback = "cb", Data = ByteString.CopyFromUtf8("hi") };

        await wire.UnaryAsync<Empty>("/dapr.proto.runtime.v1.Dapr/RegisterActorTimer", timer);
        await wire.UnaryAsync<Empty>("/dapr.proto.runtime.v1.Dapr/RegisterActorTimer", new RegisterActorTimerRequest(timer) { Name = "gone", DueTime = "100ms" });
        await wire.UnaryAsync<Empty>("/dapr.proto.runtime.v1.Dapr/UnregisterActorTimer", new UnregisterActorTimerRequest { ActorType = "T", ActorId = "1", Name = "gone" });
        await FenceAsync("200ms");

        Assert.Equal("aGk=", _app.On("PUT /actors/T/1/method/timer/t").Single().Json.GetProperty("data").GetString());
        Assert.Equal(0, Fired("gone"));
    }

    private int Fired(string name) => _app.On($"PUT /actors/T/1/method/timer/{name}").Count();

    private Task StartTimerAsync(string name, string body) => _sidecar["app"].ActorAsync("POST", $"T/1/timers/{name}", body).SucceededAsync();

    private async Task FenceAsync(string after)
    {
        await _sidecar["app"].ActorAsync("PUT", "T/fence/timers/fence", $$"""{"dueTime":"{{after}}"}""").SucceededAsync();
        await Eventually.TrueAsync(() => _app.On("PUT /actors/T/fence/method/timer/fence").Any(), "the fence");
    }
}
