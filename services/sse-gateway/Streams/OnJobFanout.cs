using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Eco2.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.SseGateway.Streams;

/// <summary>New log entries of any job; this replica keeps what its own streams wait for.</summary>
internal sealed class OnJobFanout
{
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/job-fanout", Handle);

    internal static Ok<BulkAnswer> Handle(EventBatch<JobFanout> messages, StreamHub hub)
    {
        foreach (var entry in messages.Entries)
        {
            using var span = MessageTrace.Begin(JobFanout.Topic, entry.Event.TraceParent);
            hub.Publish(entry.Event.Data);
        }

        return TypedResults.Ok(messages.Answer());
    }
}
