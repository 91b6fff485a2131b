using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Grpc.Core;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Worker.Privacy;

/// <summary>What a workflow was about is forgotten: its history goes too. Can be asked for again; what is gone already is no error.</summary>
internal sealed partial class ForgetHistoriesRoute
{
    private const int AtOnce = 8;

    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/internal/histories/forget", Handle);

    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(ForgetHistories wanted, Jobs jobs, ILogger<ForgetHistoriesRoute> logger, CancellationToken ct)
    {
        if (wanted.InstanceIds is not { Count: <= ForgetHistories.Most } ids || !ids.All(IsOurs))
        {
            return Problem.Validation("worker", "instance_ids", $"At most {ForgetHistories.Most} ids of scans, exports and deletions.");
        }

        try
        {
            await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (id, stop) => await jobs.PurgeAsync(id, stop));
            return TypedResults.NoContent();
        }
        catch (Exception e) when (e is RpcException or TimeoutException)
        {
            NotAll(logger, e);
            return Problem.Of("worker", "UNAVAILABLE", StatusCodes.Status503ServiceUnavailable, "Not all histories could be removed.", "Ask again.");
        }
    }

    private static bool IsOurs(string? id) =>
        id is not null && Guid.TryParseExact(id.StartsWith("export-", StringComparison.Ordinal) ? id[7..] : id.StartsWith("deletion-", StringComparison.Ordinal) ? id[9..] : id, "D", out _);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not all histories could be removed")]
    private static partial void NotAll(ILogger logger, Exception exception);
}
