using System.Globalization;
using Dapr.Common;
using Dapr.Jobs.Models;
using Dapr.Jobs.Models.Responses;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Jobs;

internal sealed class DaprJobsGrpcClient(GrpcChannel channel, HttpClient http, string? apiToken) : DaprJobsClient
{
    private const string PayloadType = "dapr.io/schedule/jobpayload";
    private readonly GrpcInvoker _grpc = new(channel, "dapr.proto.runtime.v1.Dapr", apiToken);

    public override async Task ScheduleJobAsync(
        string jobName,
        DaprJobSchedule schedule,
        ReadOnlyMemory<byte>? payload = null,
        DateTimeOffset? startingFrom = null,
        int? repeats = null,
        DateTimeOffset? ttl = null,
        bool overwrite = false,
        IJobFailurePolicyOptions? failurePolicyOptions = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobName);
        ArgumentNullException.ThrowIfNull(schedule);
        if (repeats is { } times)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(times, nameof(repeats));
        }

        if (ttl <= startingFrom)
        {
            throw new ArgumentException("When both ttl and startingFrom are specified, ttl must represent a later point in time");
        }

        var job = new Wire.Job { Name = jobName };
        if (schedule.IsPointInTimeExpression)
        {
            job.DueTime = schedule.ExpressionValue;
        }
        else if (schedule.IsCronExpression || schedule.IsPrefixedPeriodExpression || schedule.IsDurationExpression)
        {
            job.Schedule = schedule.ExpressionValue;
        }

        if (startingFrom is { } start)
        {
            job.DueTime = start.ToString("O", CultureInfo.InvariantCulture);
        }

        if (repeats is { } count)
        {
            job.Repeats = (uint)count;
        }

        if (ttl is { } end)
        {
            job.Ttl = end.ToString("O", CultureInfo.InvariantCulture);
        }

        if (payload is { } bytes)
        {
            job.Data = new Any { TypeUrl = PayloadType, Value = ByteString.CopyFrom(bytes.Span) };
        }

        job.FailurePolicy = ToWire(failurePolicyOptions);
        var request = new Wire.ScheduleJobRequest { Job = job, Overwrite = overwrite };
        await CallAsync("Schedule", "ScheduleJob", request, Wire.ScheduleJobResponse.Parser, cancellationToken).ConfigureAwait(false);
    }

    public override async Task<DaprJobDetails> GetJobAsync(string jobName, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(jobName);
        var request = new Wire.GetJobRequest { Name = jobName };
        var answer = await CallAsync("Get", "GetJob", request, Wire.GetJobResponse.Parser, cancellationToken).ConfigureAwait(false);
        var job = answer?.Job ?? throw new DaprException("Get job operation failed: the Dapr endpoint did not return the expected value.");
        var due = Time(job.DueTime);
        return new DaprJobDetails(due is { } time ? DaprJobSchedule.FromDateTime(time) : DaprJobSchedule.FromExpression(job.Schedule))
        {
            DueTime = due,
            Ttl = Time(job.Ttl),
            RepeatCount = (int)job.Repeats,
            Payload = job.Data?.Value.ToByteArray(),
            FailurePolicy = FromWire(job.FailurePolicy),
        };
    }

    public override async Task DeleteJobAsync(string jobName, CancellationToken cancellationToken = default)
    {
        if (string.IsNullOrWhiteSpace(jobName))
        {
            throw new ArgumentNullException(nameof(jobName));
        }

        var request = new Wire.DeleteJobRequest { Name = jobName };
        await CallAsync("Delete", "DeleteJob", request, Wire.DeleteJobResponse.Parser, cancellationToken).ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            channel.Dispose();
            http.Dispose();
        }

        base.Dispose(disposing);
    }

    private static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private static Wire.JobFailurePolicy? ToWire(IJobFailurePolicyOptions? options)
    {
        switch (options)
        {
            case null:
                return null;
            case JobFailurePolicyConstantOptions constant:
                var wire = new Wire.JobFailurePolicyConstant { Interval = constant.Interval.ToDuration() };
                if (constant.MaxRetries is { } most)
                {
                    wire.MaxRetries = most;
                }

                return new Wire.JobFailurePolicy { Constant = wire };
            default:
                return new Wire.JobFailurePolicy { Drop = new Wire.JobFailurePolicyDrop() };
        }
    }

    private static IFailurePolicyResponse? FromWire(Wire.JobFailurePolicy? policy) => policy?.PolicyCase switch
    {
        Wire.JobFailurePolicy.PolicyOneofCase.Drop => new ConfiguredDropFailurePolicy(),
        Wire.JobFailurePolicy.PolicyOneofCase.Constant => new ConfiguredConstantFailurePolicy(
            policy.Constant.HasMaxRetries, (int)policy.Constant.MaxRetries, policy.Constant.Interval?.ToTimeSpan() ?? TimeSpan.Zero),
        _ => null,
    };

    // Null: the caller no longer waits.
    private async Task<TResponse?> CallAsync<TResponse>(
        string what, string method, IMessage request, MessageParser<TResponse> parser, CancellationToken ct)
        where TResponse : class, IMessage<TResponse>
    {
        try
        {
            return await _grpc.UnaryOrAlpha1Async(method, request, parser, ct).ConfigureAwait(false);
        }
        catch (Exception failure) when (
            ct.IsCancellationRequested && failure is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
        {
            return null;
        }
        catch (Exception failure) when (failure is RpcException or OperationCanceledException or HttpRequestException)
        {
            throw new DaprException($"{what} job operation failed: the Dapr endpoint indicated a failure. See InnerException for details.", failure);
        }
    }
}
