using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Scheduling;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Jobs;

/// <summary>Brings the jobs of one app id to one of its replicas: POST /job/{name}, by turns among those that are there.</summary>
internal sealed partial class JobDelivery(TimeProvider clock, ILogger<JobDelivery> log)
{
    public const string ValueType = "type.googleapis.com/google.protobuf.Value";
    private static readonly TimeSpan RedialInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RedialLimit = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private AppInstance[] _replicas = [];
    private uint _turn;

    public void Join(AppInstance app)
    {
        lock (_gate)
        {
            _replicas = [.. _replicas.Except([app]), app];
        }
    }

    public void Leave(AppInstance app)
    {
        lock (_gate)
        {
            _replicas = [.. _replicas.Except([app])];
        }
    }

    /// <summary>A replica whose port refuses the connection has taken nothing: another may have the job, or the same when it is back.</summary>
    public async Task<TriggerOutcome> DeliverAsync(ScheduleEntry job, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            var replicas = InTurn();
            if (replicas.Length == 0)
            {
                return TriggerOutcome.Undeliverable;
            }

            foreach (var replica in replicas)
            {
                var started = replica.Metrics?.Now ?? 0;
                try
                {
                    var outcome = await PostAsync(replica, job, ct);
                    replica.Metrics?.JobTriggered(outcome == TriggerOutcome.Success, started);
                    return outcome;
                }
                catch (HttpRequestException refused) when (refused.InnerException is SocketException)
                {
                    Unreachable(log, job.Name, replica.AppId, replica.Channel.Port);
                }
            }

            if (clock.GetElapsedTime(began) > RedialLimit)
            {
                return TriggerOutcome.Failed;
            }

            await Task.Delay(RedialInterval, clock, ct);
        }
    }

    private async Task<TriggerOutcome> PostAsync(AppInstance replica, ScheduleEntry job, CancellationToken ct)
    {
        if (replica.Settings.IsGrpcApp)
        {
            return await TellAsync(replica, job, ct);
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, replica.Channel.Address("/job/" + Uri.EscapeDataString(job.Name)));
        request.Content = new ByteArrayContent(Body(job));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await replica.Channel.SendAsync(request, ct);
        if (response.IsSuccess)
        {
            return TriggerOutcome.Success;
        }

        // 404: the app knows no such job and will know none at the next attempt either.
        Refused(log, job.Name, replica.AppId, response.Status);
        return response.Status == StatusCodes.Status404NotFound ? TriggerOutcome.Success : TriggerOutcome.Failed;
    }

    private async Task<TriggerOutcome> TellAsync(AppInstance replica, ScheduleEntry job, CancellationToken ct)
    {
        var request = new JobEventRequest
        {
            Name = job.Name,
            Method = "job/" + job.Name,
            ContentType = job.DataType ?? "",
            HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Post },
            Data = job.Data is null ? null : new Any { TypeUrl = job.DataType ?? "", Value = UnsafeByteOperations.UnsafeWrap(job.Data) },
        };
        try
        {
            await new AppCallback(replica).CallEitherAsync("OnJobEvent", "OnJobEventAlpha1", request, JobEventResponse.Parser, [], ct);
            return TriggerOutcome.Success;
        }
        catch (GrpcException refused)
        {
            Refused(log, job.Name, replica.AppId, (int)refused.Code);
            return refused.Code == Grpc.StatusCode.NotFound ? TriggerOutcome.Success : TriggerOutcome.Failed;
        }
    }

    private static byte[] Body(ScheduleEntry job)
    {
        if (job.Data is null)
        {
            return [];
        }

        if (job.DataType != ValueType)
        {
            return job.Data.AsSpan().Trim(" \t\r\n\v\f"u8).ToArray();
        }

        var value = Value.Parser.ParseFrom(job.Data);
        return value.KindCase == Value.KindOneofCase.None ? [] : Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(value));
    }

    private AppInstance[] InTurn()
    {
        var replicas = Volatile.Read(ref _replicas);
        if (replicas.Length < 2)
        {
            return replicas;
        }

        var first = (int)(Interlocked.Increment(ref _turn) % (uint)replicas.Length);
        return [.. replicas[first..], .. replicas[..first]];
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Name}: app {AppId} does not listen on port {Port}")]
    private static partial void Unreachable(ILogger log, string name, string appId, int port);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Name}: app {AppId} answered {Status}")]
    private static partial void Refused(ILogger log, string name, string appId, int status);
}
