using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.My.DeadLetters;

/// <summary>Publishes one letter again, whatever its state: also an exhausted or a discarded one.</summary>
internal sealed partial class ReplayDeadLetter
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{id:guid}/replay", Handle);

    private static async Task<Results<NoContent, ProblemHttpResult>> Handle(
        Guid id, Admin admin, Replays replays, ILogger<ReplayDeadLetter> logger, CancellationToken ct)
    {
        // Waits for whoever holds it, unlike the schedule.
        var outcome = await replays.ReplayAsync("id = $1 for update", [id], admin.Id, ct);
        if (outcome.Taken == 0)
        {
            return Problems.DeadLetterNotFound();
        }

        if (outcome.Failed.Count > 0)
        {
            return Problems.BrokerAway();
        }

        Replayed(logger, id, admin.Id);
        return TypedResults.NoContent();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Dead letter {Id} was published again by {Admin}")]
    private static partial void Replayed(ILogger logger, Guid id, Guid admin);
}
