using Dapr.Client.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Xunit;
using Kind = Dapr.Client.Autogen.Grpc.v1.SubscribeActorEventsResponseAlpha1.ResponseTypeOneofCase;

namespace EmbeddedSidecar.Tests.Actors;

public sealed class ActorStreamTests
{
    [Fact]
    public async Task An_app_without_a_port_hosts_actors_by_a_stream_until_it_closes_it()
    {
        await using var sidecar = await SidecarFixture.StartAsync(ActorSidecar.InMemory, new AppSettings { AppId = "app" });
        DateTimeOffset due;
        await using (var stream = await OpenAsync(sidecar["app"].GrpcEndpoint))
        {
            await stream.SendAsync(new() { InitialRequest = new() { Entities = { "T" }, ActorIdleTimeout = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(400)), Reentrancy = new() { Enabled = true } } });
            Assert.Equal(Kind.InitialResponse, (await stream.NextAsync()).ResponseTypeCase);
            await Eventually.TrueAsync(async () => await sidecar["app"].CountAsync() == 0, "hosted");

            var answer = sidecar["app"].ActorAsync("PUT", "T/1/method/m", "{\"a\":1}", request => request.Headers.Add("X-Mine", "1"));
            var invoke = (await stream.NextAsync()).InvokeRequest;
            Assert.Equal(("T", "1", "m", "{\"a\":1}", "1"), (invoke.ActorType, invoke.ActorId, invoke.Method, invoke.Data.ToStringUtf8(), invoke.Metadata["X-Mine"]));
            Assert.NotEmpty(invoke.Metadata["Dapr-Reentrancy-Id"]);
            await stream.SendAsync(new() { InvokeResponse = new() { Id = invoke.Id, Data = ByteString.CopyFromUtf8("oops"), Metadata = { ["X-Own"] = "2" }, Error = true } });
            using (var response = await answer)
            {
                Assert.Equal((200, "oops", "2", "true"), (
                    (int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers.GetValues("X-Own").Single(), response.Headers.GetValues("X-DaprErrorResponseHeader").Single()));
            }

            var failing = sidecar["app"].ActorAsync("PUT", "T/1/method/m");
            await stream.SendAsync(new() { RequestFailed = new() { Id = (await stream.NextAsync()).InvokeRequest.Id, Code = 13, Message = "broken" } });
            await failing.RefusedAsync(500, "ERR_ACTOR_INVOKE_METHOD", "error from actor service: broken");

            await sidecar["app"].ActorAsync("POST", "T/1/reminders/r", """{"dueTime":"0s","period":"1h","data":{"n":1}}""").SucceededAsync();
            var reminder = (await stream.NextAsync()).ReminderRequest;
            Assert.Equal(("r", "", "", "{\"n\":1}"), (reminder.Name, reminder.DueTime, reminder.Period, reminder.Data.Unpack<BytesValue>().Value.ToStringUtf8()));
            await stream.SendAsync(new() { ReminderResponse = new() { Id = reminder.Id, Cancel = true } });
            await Eventually.TrueAsync(async () => (int)(await sidecar["app"].ActorAsync("GET", "T/1/reminders/r")).StatusCode == 404, "cancelled");

            await sidecar["app"].ActorAsync("POST", "T/1/timers/t", """{"dueTime":"1ms","callback":"cb","data":2}""").SucceededAsync();
            var timer = (await stream.NextAsync()).TimerRequest;
            Assert.Equal(("t", "cb", "1ms", "2"), (timer.Name, timer.Callback, timer.DueTime, timer.Data.Unpack<BytesValue>().Value.ToStringUtf8()));
            await stream.SendAsync(new() { TimerResponse = new() { Id = timer.Id } });

            await sidecar["app"].ActorAsync("POST", "T/1/reminders/later", """{"dueTime":"1500ms","period":"1h"}""").SucceededAsync();
            due = TimeProvider.System.GetUtcNow().AddMilliseconds(1500);
            var deactivate = (await stream.NextAsync()).DeactivateRequest;
            Assert.Equal(("T", "1"), (deactivate.ActorType, deactivate.ActorId));
            await stream.SendAsync(new() { DeactivateResponse = new() { Id = deactivate.Id } });
            await Eventually.TrueAsync(async () => await sidecar["app"].CountAsync() == 0, "deactivated");
        }

        await Eventually.TrueAsync(async () => await sidecar["app"].CountAsync() == -1, "withdrawn");

        // Due while nobody is there; the next stream gets it.
        await Eventually.TrueAsync(() => TimeProvider.System.GetUtcNow() > due.AddMilliseconds(100), "overdue");
        await using var again = await OpenAsync(sidecar["app"].GrpcEndpoint);
        await again.SendAsync(new() { InitialRequest = new() { Entities = { "T" } } });
        Assert.Equal(Kind.InitialResponse, (await again.NextAsync()).ResponseTypeCase);
        Assert.Equal("later", (await again.NextAsync()).ReminderRequest.Name);
    }

    [Fact]
    public async Task A_stream_beside_an_http_app_or_without_a_first_word_is_refused()
    {
        await using var app = await ActorApp.StartAsync();
        await using var sidecar = await SidecarFixture.StartAsync(ActorSidecar.InMemory, new AppSettings { AppId = "app" }, new AppSettings { AppId = "http", AppPort = app.Port }, new AppSettings { AppId = "grpc", AppPort = app.Port, IsGrpcApp = true });
        await using var silent = await OpenAsync(sidecar["app"].GrpcEndpoint);
        await silent.SendAsync(new() { DeactivateResponse = new() });
        await using var beside = await OpenAsync(sidecar["http"].GrpcEndpoint);
        await beside.SendAsync(new() { InitialRequest = new() { Entities = { "T" } } });
        await using var reserved = await OpenAsync(sidecar["app"].GrpcEndpoint);
        await reserved.SendAsync(new() { InitialRequest = new() { Entities = { "dapr.internal.x" } } });

        await using var allowed = await OpenAsync(sidecar["grpc"].GrpcEndpoint);
        await allowed.SendAsync(new() { InitialRequest = new() { Entities = { "T" } } });

        Assert.Equal(Kind.InitialResponse, (await allowed.NextAsync()).ResponseTypeCase);
        Assert.Equal(("3", "9", "7"), (await silent.StatusAsync(), await beside.StatusAsync(), await reserved.StatusAsync()));
    }

    /// <summary>The app's side of the stream.</summary>
    private static Task<GrpcStream<SubscribeActorEventsRequestAlpha1, SubscribeActorEventsResponseAlpha1>> OpenAsync(Uri address) =>
        GrpcStream<SubscribeActorEventsRequestAlpha1, SubscribeActorEventsResponseAlpha1>.OpenAsync(address, "/dapr.proto.runtime.v1.Dapr/SubscribeActorEventsAlpha1");
}
