using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.EventRouter.Jobs;

/// <summary>Something of a job waits for what has not come. The message stays with the broker until that is over, so a router that dies takes
/// nothing with it: whoever gets it next looks again, though no other message of the job may ever come.</summary>
internal sealed class OnJobWaiting
{
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/job-waiting", Handle);

    internal static async Task<Ok<EventAnswer>> Handle(Event<JobWaiting> message, JobWriter writer) =>
        TypedResults.Ok(await writer.LookAgainAsync(message.Data.JobId) ? EventAnswer.Success : EventAnswer.Retry);
}
