using Eco2.Contracts.DeadLetters;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.My.DeadLetters;

/// <summary>Publishes the letters that match again, oldest first, a bounded number of them.</summary>
internal sealed partial class ReplayDeadLetters
{
    private const int DefaultLimit = 100, MaxLimit = 500;
    private static readonly string[] Undelivered = ["waiting", "exhausted"];

    private const string Matching =
        "state = any($1) and ($2::text is null or topic = $2) and first_seen_at <= $3 and (replayed_at is null or replayed_at <= $3) order by id limit $4 for update skip locked";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/replay", Handle);

    private static async Task<Results<Ok<ReplayedDeadLetters>, ProblemHttpResult>> Handle(
        ReplayDeadLettersRequest request, Admin admin, Replays replays, TimeProvider clock, ILogger<ReplayDeadLetters> logger, CancellationToken ct)
    {
        var limit = request.Limit ?? DefaultLimit;
        if (limit is < 1 or > MaxLimit)
        {
            return Problems.Invalid("limit", $"It is a number from 1 to {MaxLimit}.");
        }

        if (request.State is not null && !LetterRows.States.Contains(request.State, StringComparer.Ordinal))
        {
            return Problems.Invalid("state", $"It is one of {string.Join(", ", LetterRows.States)}.");
        }

        if (request.Topic?.Contains('\0', StringComparison.Ordinal) == true)
        {
            return Problems.Invalid("topic", "It is the name of a topic.");
        }

        var before = (request.Before ?? clock.GetUtcNow()).ToUniversalTime();
        var states = request.State is null ? Undelivered : [request.State];
        var (replayed, failed, more) = (0, 0, true);
        while (more && failed == 0 && replayed < limit)
        {
            var size = Math.Min(Replays.MaxPerRound, limit - replayed);
            var outcome = await replays.ReplayAsync(Matching, [states, request.Topic, before, size], admin.Id, ct);
            (replayed, failed, more) = (replayed + outcome.Sent.Count, failed + outcome.Failed.Count, outcome.Taken == size);
        }

        Replayed(logger, replayed, request.Topic ?? "all topics", admin.Id, failed);
        return TypedResults.Ok(new ReplayedDeadLetters(replayed, failed, more, before));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} dead letters of {Topic} were published again by {Admin}, {Failed} could not be")]
    private static partial void Replayed(ILogger logger, int count, string topic, Guid admin, int failed);
}
