using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Eco2.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.EventRouter.Jobs;

/// <summary>What happened to jobs arrives in bulk. Jobs go their ways in parallel; the events of one job go one way.</summary>
internal sealed class OnJobEvents
{
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/job-events", Handle);

    internal static async Task<Ok<BulkAnswer>> Handle(EventBatch<JobEventBatch> messages, JobWriter writer)
    {
        // Not cancelled with the request: an append that has begun is finished and told.
        var accepted = await Task.WhenAll(messages.Entries.Select(entry =>
        {
            using var span = MessageTrace.Begin(JobEventBatch.Topic, entry.Event.TraceParent);
            return writer.AppendAsync(entry.Event.Data);
        }));
        var again = messages.Entries.Zip(accepted).Where(pair => !pair.Second).Select(pair => pair.First.EntryId).ToHashSet();
        return TypedResults.Ok(messages.Answer(entry => again.Contains(entry.EntryId)));
    }
}
