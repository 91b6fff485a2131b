using System.Collections.Concurrent;
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

    internal static async Task<Results<Ok<HistoriesForgotten>, ProblemHttpResult>> Handle(ForgetHistories wanted, Jobs jobs, ILogger<ForgetHistoriesRoute> logger, CancellationToken ct)
    {
        if (wanted.InstanceIds is not { Count: <= ForgetHistories.Most } ids || !ids.All(IsOurs))
        {
            return Problem.Validation("worker", "instance_ids", $"At most {ForgetHistories.Most} ids of scans, exports and deletions.");
        }

        // One that cannot be removed must not keep the others.
        var left = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (id, stop) =>
        {
            try
            {
                await jobs.PurgeAsync(id, stop);
            }
            catch (Exception e) when (e is RpcException or TimeoutException && !ct.IsCancellationRequested)
            {
                Left(logger, e, id);
                left.Enqueue(id);
            }
        });
        return TypedResults.Ok(new HistoriesForgotten([.. left]));
    }

    private static bool IsOurs(string? id) =>
        id is not null && Guid.TryParseExact(id.StartsWith("export-", StringComparison.Ordinal) ? id[7..] : id.StartsWith("deletion-", StringComparison.Ordinal) ? id[9..] : id, "D", out _);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The history of {InstanceId} could not be removed now")]
    private static partial void Left(ILogger logger, Exception exception, string instanceId);
}
