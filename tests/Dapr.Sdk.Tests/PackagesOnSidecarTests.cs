using System.Collections.Concurrent;
using System.Net;
using Dapr.Actors;
using Dapr.Actors.Client;
using Dapr.Actors.Runtime;
using Dapr.DistributedLock.Extensions;
using Dapr.DistributedLock.Models;
using Dapr.Jobs;
using Dapr.Jobs.Extensions;
using Dapr.Jobs.Models;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Dapr.Sdk.Tests;

/// <summary>Actors, jobs and locks against the embedded sidecar, over its real ports: one pass through each package.</summary>
public sealed class PackagesOnSidecarTests
{
    private readonly ConcurrentQueue<string> _heard = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_actor_is_called_keeps_its_state_and_hears_timers_and_reminders(bool json)
    {
        var store = SidecarFixture.Component("state", "state.in-memory", "actorStateStore: true");
        await using var sidecar = await SidecarFixture.StartAsync(store, new AppSettings { AppId = "shop", AwaitsAppPort = true });
        var endpoint = sidecar["shop"].HttpEndpoint.ToString();
        await using var app = await StartAsync(
            services =>
            {
                services.AddScoped(_ => new CounterLog([]));
                services.AddSingleton(_heard);
                services.AddActors(options =>
                {
                    options.HttpEndpoint = endpoint;
                    options.UseJsonSerialization = json;
                    options.Actors.RegisterActor<Counter>();
                    options.Actors.RegisterActor<Alarm>();
                });
            },
            app => app.MapActorsHandlers());
        sidecar["shop"].AttachApp(new Uri(app.Urls.First()).Port);
        await sidecar.WaitUntilReadyAsync();
        var factory = app.Services.GetRequiredService<IActorProxyFactory>();
        var counter = factory.CreateActorProxy<ICounter>(new ActorId("a1"), nameof(Counter));

        await counter.AddAsync(2);
        var sum = await counter.AddAsync(40);
        var receipt = await counter.BuyAsync("차", 3);
        var failure = await Assert.ThrowsAsync<ActorMethodInvocationException>(() => counter.FailAsync("out of tea"));
        var byName = await factory.Create(new ActorId("a1"), nameof(Counter)).InvokeMethodAsync<int, int>(nameof(ICounter.AddAsync), 1);
        await factory.CreateActorProxy<IAlarm>(new ActorId("x"), nameof(Alarm)).SetAsync();
        await Eventually.TrueAsync(() => _heard.Count == 2, "timer and reminder");

        Assert.Equal((42, "차", 3, 43), (sum, receipt.Item, receipt.Count, byName));
        Assert.Equal("out of tea", failure.InnerException!.Message);
        Assert.Equal(["reminder r 0102", "timer 03"], _heard.Order());
    }

    [Fact]
    public async Task A_job_is_kept_is_due_and_is_deleted()
    {
        await using var app = await StartAsync(
            _ => { },
            app => app.MapDaprScheduledJobHandler((string name, ReadOnlyMemory<byte> payload) => _heard.Enqueue($"{name} {System.Text.Encoding.UTF8.GetString(payload.Span)}")));
        await using var sidecar = await SidecarFixture.StartAsync("", new AppSettings { AppId = "clock", AppPort = new Uri(app.Urls.First()).Port });
        await sidecar.WaitUntilReadyAsync();
        using var client = new DaprJobsClientBuilder().UseGrpcEndpoint(sidecar["clock"].GrpcEndpoint.ToString()).Build();

        await client.ScheduleJobWithPayloadAsync("often", DaprJobSchedule.FromDuration(TimeSpan.FromMilliseconds(100)), new { N = 1 }, repeats: 1);
        await client.ScheduleJobAsync("rarely", DaprJobSchedule.Yearly, failurePolicyOptions: new JobFailurePolicyConstantOptions(TimeSpan.FromSeconds(1)) { MaxRetries = 2 });
        var kept = await client.GetJobAsync("rarely");
        await Assert.ThrowsAsync<DaprException>(() => client.ScheduleJobAsync("rarely", DaprJobSchedule.Daily));
        await client.DeleteJobAsync("rarely");
        await Assert.ThrowsAsync<DaprException>(() => client.GetJobAsync("rarely"));
        await Eventually.TrueAsync(() => !_heard.IsEmpty, "the job");

        Assert.Equal(("@yearly", JobFailurePolicy.Constant), (kept.Schedule.ExpressionValue, kept.FailurePolicy!.Type));
        Assert.Equal("""often {"n":1}""", _heard.First());
    }

    [Fact]
    public async Task A_lock_has_one_holder_until_it_is_given_back()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("locks", "lock.redis", $"redisHost: {redis.Host}"), new AppSettings { AppId = "app" });
        using var client = new DaprDistributedLockBuilder().UseGrpcEndpoint(sidecar["app"].GrpcEndpoint.ToString()).Build();

        await using (await client.TryLockAsync("locks", "r", "a", 60))
        {
            Assert.Null(await client.TryLockAsync("locks", "r", "b", 60));
            Assert.Equal(LockStatus.LockBelongsToOthers, (await client.TryUnlockAsync("locks", "r", "b")).Status);
        }

        Assert.Equal(LockStatus.LockDoesNotExist, (await client.TryUnlockAsync("locks", "r", "a")).Status);
        Assert.NotNull(await client.TryLockAsync("locks", "r", "b", 60));
    }

    private static async Task<WebApplication> StartAsync(Action<IServiceCollection> adjust, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        adjust(builder.Services);
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }
}

public interface IAlarm : IActor
{
    Task SetAsync();
}

public class Alarm(ActorHost host, ConcurrentQueue<string> heard) : Actor(host), IAlarm, IRemindable
{
    public async Task SetAsync()
    {
        await RegisterReminderAsync("r", [1, 2], TimeSpan.Zero, TimeSpan.FromMilliseconds(-1));
        await RegisterTimerAsync("t", nameof(OnTimerAsync), [3], TimeSpan.Zero, TimeSpan.FromMilliseconds(-1));
    }

    public Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period)
    {
        heard.Enqueue($"reminder {reminderName} {Convert.ToHexString(state)}");
        return Task.CompletedTask;
    }

    private Task OnTimerAsync(byte[] data)
    {
        heard.Enqueue($"timer {Convert.ToHexString(data)}");
        return Task.CompletedTask;
    }
}
