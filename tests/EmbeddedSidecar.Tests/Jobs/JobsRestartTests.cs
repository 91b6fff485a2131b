using Dapr.Client.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.PubSub;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace EmbeddedSidecar.Tests.Jobs;

public sealed class JobsRestartTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";

    [Theory]
    [InlineData("actorStateStore: true")]
    [InlineData("keyPrefix: name")]
    public async Task Jobs_go_on_where_they_were_after_a_restart_of_the_sidecar(string setting)
    {
        var appId = "restart-" + setting.Length;
        var resources = SidecarFixture.Component("state", "state.redis", $"redisHost: {redis.Host}", "ttlInSeconds: 1", setting);
        await using var app = await SubscriberApp.StartAsync();
        await using (var before = await SidecarFixture.StartAsync(resources, new AppSettings { AppId = appId, AppPort = app.Port }))
        {
            await before.WaitUntilReadyAsync();
            using var counted = await before[appId].ScheduleAsync("counted", """{"schedule":"@every 400ms","repeats":5}""");
            using var later = await before[appId].ScheduleAsync("later", """{"dueTime":"2s","data":"kept"}""");
            using var daily = await before[appId].ScheduleAsync("daily", """{"schedule":"@daily"}""");
            using var dropped = await before[appId].ScheduleAsync("dropped", """{"dueTime":"1s"}""");
            using var deleted = await before[appId].DeleteJobAsync("dropped");

            // Longer than the store keeps what has no time of its own to live.
            await Eventually.TrueAsync(() => app.On("/job/counted").Count() == 3, "some");
        }

        await using var after = await SidecarFixture.StartAsync(resources, new AppSettings { AppId = appId, AppPort = app.Port });
        await after.WaitUntilReadyAsync();
        await Eventually.TrueAsync(() => app.On("/job/counted").Count() == 5 && app.On("/job/later").Any(), "the rest");
        await after[appId].FenceAsync(() => app.On("/job/fence").Any());
        using var kept = await after[appId].GetJobAsync("daily");
        using var done = await after[appId].GetJobAsync("counted");

        Assert.Equal(5, app.On("/job/counted").Count());
        Assert.Equal("kept", app.On("/job/later").Single().Json.GetString());
        Assert.Empty(app.On("/job/dropped"));
        Assert.True(kept.IsSuccessStatusCode);
        Assert.False(done.IsSuccessStatusCode);
    }

    [Fact]
    public async Task A_job_goes_to_one_replica_and_to_another_when_that_is_away()
    {
        await using var one = await SubscriberApp.StartAsync();
        await using var two = await SubscriberApp.StartAsync();
        await using var sidecar = await SidecarFixture.StartAsync(
            "", new AppSettings { AppId = "a", AppPort = one.Port }, new AppSettings { AppId = "a", AppPort = two.Port }, new AppSettings { AppId = "other" });
        await sidecar.WaitUntilReadyAsync();

        using var scheduled = await sidecar["a"].ScheduleAsync("j", """{"schedule":"@every 10ms","repeats":20}""");
        await Eventually.TrueAsync(async () => !(await sidecar.Host.Apps[1].GetJobAsync("j")).IsSuccessStatusCode, "all done");
        var (byOne, byTwo) = (one.On("/job/j").Count(), two.On("/job/j").Count());
        await one.DownAsync();
        using var again = await sidecar["a"].ScheduleAsync("again", """{"dueTime":"0s"}""");
        await Eventually.TrueAsync(() => two.On("/job/again").Any(), "by the other");
        using var others = await sidecar["other"].GetJobAsync("j");

        Assert.Equal(20, byOne + byTwo);
        Assert.InRange(byOne, 5, 15);
        Assert.False(others.IsSuccessStatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Alpha1")]
    public async Task Jobs_over_grpc_carry_any_payload_and_are_listed_and_deleted_by_prefix(string version)
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var sidecar = await SidecarFixture.StartAsync("", new AppSettings { AppId = "a", AppPort = app.Port });
        await sidecar.WaitUntilReadyAsync();
        using var wire = new GrpcWire(sidecar["a"].GrpcEndpoint);
        var payload = new Any { TypeUrl = "dapr.io/schedule/jobpayload", Value = ByteString.CopyFromUtf8(" {\"n\":1}\n") };

        await wire.UnaryAsync<ScheduleJobResponse>(Service + "ScheduleJob" + version, new ScheduleJobRequest { Job = new Job { Name = "now", DueTime = "0s", Data = payload } });
        await Eventually.TrueAsync(() => app.On("/job/now").Any(), "delivered");
        foreach (var name in (string[])["x1", "x2", "y"])
        {
            await wire.UnaryAsync<ScheduleJobResponse>(
                Service + "ScheduleJob" + version,
                new ScheduleJobRequest { Job = new Job { Name = name, Schedule = "@daily", Data = payload, FailurePolicy = new() { Constant = new() { Interval = Duration.FromTimeSpan(TimeSpan.FromSeconds(2)) } } } });
        }

        var read = (await wire.UnaryAsync<GetJobResponse>(Service + "GetJob" + version, new GetJobRequest { Name = "x1" })).Job;
        var exists = await Assert.ThrowsAsync<WireException>(() => wire.UnaryAsync<ScheduleJobResponse>(
            Service + "ScheduleJob" + version, new ScheduleJobRequest { Job = new Job { Name = "y", Schedule = "@daily" } }));
        var missing = await Assert.ThrowsAsync<WireException>(() => wire.UnaryAsync<GetJobResponse>(Service + "GetJob" + version, new GetJobRequest { Name = "z" }));
        await wire.UnaryAsync<DeleteJobsByPrefixResponse>(Service + "DeleteJobsByPrefix" + version, new DeleteJobsByPrefixRequest { NamePrefix = "x" });
        var listed = await wire.UnaryAsync<ListJobsResponse>(Service + "ListJobs" + version, new ListJobsRequest());
        await wire.UnaryAsync<DeleteJobResponse>(Service + "DeleteJob" + version, new DeleteJobRequest { Name = "y" });
        var none = await wire.UnaryAsync<ListJobsResponse>(Service + "ListJobs" + version, new ListJobsRequest());

        Assert.Equal("{\"n\":1}", System.Text.Encoding.UTF8.GetString(app.On("/job/now").Single().Body));
        Assert.Equal((payload, "@daily", false), (read.Data, read.Schedule, read.FailurePolicy.Constant.HasMaxRetries));
        Assert.Equal(2, read.FailurePolicy.Constant.Interval.Seconds);
        Assert.Equal((6, 13), (exists.Code, missing.Code));
        Assert.Equal("y", Assert.Single(listed.Jobs).Name);
        Assert.Empty(none.Jobs);
    }
}
