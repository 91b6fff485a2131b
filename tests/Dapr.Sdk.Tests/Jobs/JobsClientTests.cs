using System.Text;
using Dapr.Jobs;
using Dapr.Jobs.Extensions;
using Dapr.Jobs.Models;
using Dapr.Jobs.Models.Responses;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Sdk.Tests;

public sealed class JobsClientTests : IAsyncLifetime
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";
    private static readonly DateTimeOffset Noon = new(2027, 3, 1, 12, 0, 0, TimeSpan.FromHours(9));
    private ClientOnStandIn<DaprJobsClient> _dapr = null!;
    private Wire.ScheduleJobRequest? _scheduled;

    public async Task InitializeAsync()
    {
        _dapr = await ClientOnStandIn.StartAsync(address => new DaprJobsClientBuilder().UseGrpcEndpoint(address).UseDaprApiToken("t0ken").Build());
        _dapr.Sidecar.OnUnary(Service + "ScheduleJob", Wire.ScheduleJobRequest.Parser, request =>
        {
            _scheduled = request;
            return new Wire.ScheduleJobResponse();
        });
    }

    public async Task DisposeAsync() => await _dapr.DisposeAsync();

    [Fact]
    public async Task A_job_goes_out_with_only_what_was_said()
    {
        await _dapr.Client.ScheduleJobAsync("j", DaprJobSchedule.Daily);

        // job = { name = "j", schedule = "@daily" }
        Assert.Equal([0, 0, 0, 0, 13, 0x0A, 11, 0x0A, 1, (byte)'j', 0x12, 6, .. "@daily"u8], _dapr.Sidecar.Calls.Single().Frame);
        Assert.Equal("t0ken", _dapr.Sidecar.Calls.Single().Headers["dapr-api-token"]);
    }

    [Fact]
    public async Task All_there_is_to_say_about_a_job_goes_out()
    {
        await _dapr.Client.ScheduleJobAsync(
            "j",
            DaprJobSchedule.FromDuration(TimeSpan.FromSeconds(90)),
            payload: "raw"u8.ToArray(),
            startingFrom: Noon,
            repeats: 3,
            ttl: Noon.AddDays(1),
            overwrite: true,
            failurePolicyOptions: new JobFailurePolicyConstantOptions(TimeSpan.FromSeconds(2)) { MaxRetries = 5 });

        Assert.Equal(
            new Wire.ScheduleJobRequest
            {
                Overwrite = true,
                Job = new Wire.Job
                {
                    Name = "j",
                    Schedule = "@every 1m30s",
                    DueTime = "2027-03-01T12:00:00.0000000+09:00",
                    Ttl = "2027-03-02T12:00:00.0000000+09:00",
                    Repeats = 3,
                    Data = new Any { TypeUrl = "dapr.io/schedule/jobpayload", Value = ByteString.CopyFromUtf8("raw") },
                    FailurePolicy = new Wire.JobFailurePolicy
                    {
                        Constant = new Wire.JobFailurePolicyConstant { Interval = Duration.FromTimeSpan(TimeSpan.FromSeconds(2)), MaxRetries = 5 },
                    },
                },
            },
            _scheduled);
    }

    [Fact]
    public async Task A_point_in_time_is_a_due_time_and_a_job_may_be_dropped_when_it_fails()
    {
        await _dapr.Client.ScheduleJobAsync("j", DaprJobSchedule.FromDateTime(Noon), failurePolicyOptions: new JobFailurePolicyDropOptions());

        Assert.False(_scheduled!.Job.HasSchedule);
        Assert.Equal("2027-03-01T12:00:00.0000000+09:00", _scheduled.Job.DueTime);
        Assert.Equal(Wire.JobFailurePolicy.PolicyOneofCase.Drop, _scheduled.Job.FailurePolicy.PolicyCase);
    }

    [Fact]
    public async Task An_expression_that_is_no_schedule_is_left_to_the_runtime()
    {
        await _dapr.Client.ScheduleJobAsync("j", DaprJobSchedule.FromExpression("nonsense"));

        Assert.False(_scheduled!.Job.HasSchedule);
        Assert.False(_scheduled.Job.HasDueTime);
    }

    [Fact]
    public async Task Payloads_are_web_json_or_the_text_itself()
    {
        await _dapr.Client.ScheduleJobWithPayloadAsync("j", DaprJobSchedule.Hourly, new { UserName = "a" });
        Assert.Equal("""{"userName":"a"}""", _scheduled!.Job.Data.Value.ToStringUtf8());

        await _dapr.Client.ScheduleJobWithPayloadAsync("j", DaprJobSchedule.Hourly, "하나");
        Assert.Equal("하나", _scheduled.Job.Data.Value.ToStringUtf8());
    }

    [Fact]
    public async Task Where_the_stable_method_is_missing_the_Alpha1_one_is_called()
    {
        foreach (var (code, message) in new[] { (StatusCode.Unimplemented, ""), (StatusCode.Unknown, "failed: dapr-callee-app-id or dapr-app-id not found") })
        {
            _dapr.Sidecar.On(Service + "DeleteJob", call => call.FailAsync(code, message));
            var deleted = "";
            _dapr.Sidecar.OnUnary(Service + "DeleteJobAlpha1", Wire.DeleteJobRequest.Parser, request =>
            {
                deleted = request.Name;
                return new Wire.DeleteJobResponse();
            });

            await _dapr.Client.DeleteJobAsync("j");

            Assert.Equal("j", deleted);
        }
    }

    [Fact]
    public async Task A_job_reads_back()
    {
        _dapr.Sidecar.OnUnary(Service + "GetJob", Wire.GetJobRequest.Parser, request => new Wire.GetJobResponse
        {
            Job = new Wire.Job
            {
                Name = request.Name,
                Schedule = "@every 10s",
                Repeats = 4,
                Ttl = "2027-03-02T03:00:00Z",
                Data = new Any { TypeUrl = "dapr.io/schedule/jobpayload", Value = ByteString.CopyFromUtf8("raw") },
                FailurePolicy = new Wire.JobFailurePolicy { Constant = new Wire.JobFailurePolicyConstant { Interval = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) } },
            },
        });

        var job = await _dapr.Client.GetJobAsync("j");

        Assert.Equal(("@every 10s", 4, "raw"), (job.Schedule.ExpressionValue, job.RepeatCount, Encoding.UTF8.GetString(job.Payload!)));
        Assert.Equal((null, Noon.AddDays(1)), (job.DueTime, job.Ttl));
        Assert.Equal(new ConfiguredConstantFailurePolicy(HasMaxRetries: false, MaxRetries: 0, TimeSpan.FromSeconds(1)), job.FailurePolicy);
    }

    [Fact]
    public async Task A_refusal_names_the_operation_and_is_a_DaprException()
    {
        _dapr.Sidecar.On(Service + "GetJob", call => call.FailAsync(StatusCode.Internal, "not found"));
        _dapr.Sidecar.On(Service + "ScheduleJob", call => call.FailAsync(StatusCode.AlreadyExists, "exists"));

        var get = await Assert.ThrowsAsync<DaprException>(() => _dapr.Client.GetJobAsync("j"));
        var schedule = await Assert.ThrowsAsync<DaprException>(() => _dapr.Client.ScheduleJobAsync("j", DaprJobSchedule.Daily));

        Assert.StartsWith("Get job operation failed", get.Message, StringComparison.Ordinal);
        Assert.StartsWith("Schedule job operation failed", schedule.Message, StringComparison.Ordinal);
        Assert.Equal(StatusCode.AlreadyExists, Assert.IsType<RpcException>(schedule.InnerException).StatusCode);
    }

    [Fact]
    public async Task A_cancelled_caller_hears_nothing_except_when_it_asked_for_a_job()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await _dapr.Client.ScheduleJobAsync("j", DaprJobSchedule.Daily, cancellationToken: cancelled.Token);
        await _dapr.Client.DeleteJobAsync("j", cancelled.Token);

        await Assert.ThrowsAsync<DaprException>(() => _dapr.Client.GetJobAsync("j", cancelled.Token));
        Assert.Null(_scheduled);
    }

    [Fact]
    public async Task Nonsense_is_refused_before_anything_goes_out()
    {
        var ends = await Assert.ThrowsAsync<ArgumentException>(() => _dapr.Client.ScheduleJobAsync("j", DaprJobSchedule.Daily, startingFrom: Noon, ttl: Noon));
        Assert.Equal("When both ttl and startingFrom are specified, ttl must represent a later point in time", ends.Message);
        await Assert.ThrowsAsync<ArgumentNullException>(() => _dapr.Client.DeleteJobAsync(""));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _dapr.Client.ScheduleJobAsync("j", DaprJobSchedule.Daily, repeats: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => DaprJobSchedule.FromDuration(TimeSpan.FromHours(24)));
        Assert.Empty(_dapr.Sidecar.Calls);
    }
}
