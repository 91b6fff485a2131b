using Dapr.Workflow;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.Worker.Models;
using Eco2.Workflows.Scan;

namespace Eco2.Worker.Scan;

/// <summary>What is in the picture? The configured provider looks; if it is away, the local classifier stands in and the result says so.</summary>
internal sealed partial class SeePhotoActivity(
    ScanEvents events,
    ModelClients models,
    Photos photos,
    SentWords sentWords,
    VisionByModel byModel,
    VisionLocally locally,
    TimeProvider clock,
    ILogger<SeePhotoActivity> logger)
    : WorkflowActivity<SeePhoto, Seen>
{
    public override async Task<Seen> RunAsync(WorkflowActivityContext context, SeePhoto input)
    {
        var (scan, began) = (input.Run.Request, clock.GetTimestamp());
        var told = events.PublishAsync(scan, ScanEvents.IdOf(scan, "queued", "started"), events.Started(scan, "vision"));
        using var deadline = Deadline.Of(input.Run, clock);
        if (deadline.IsCancellationRequested)
        {
            await told;
            return new Seen(null, ScanErrors.Timeout("vision", scan.Language), 0, []);
        }

        var (vision, error, warnings) = await LookAsync(scan, deadline.Token);
        var took = (long)clock.GetElapsedTime(began).TotalMilliseconds;
        await told;
        return new Seen(vision, error, took, warnings);
    }

    private async Task<(VisionResult?, JobError?, IReadOnlyList<string>)> LookAsync(ScanRequested scan, CancellationToken ct)
    {
        ModelException? away = null;
        string? provider = null;
        try
        {
            var (words, lost) = await sentWords.ReadAsync(scan, ct);
            if (await models.ForVisionAsync(scan.Model, ct) is { } choice)
            {
                if (await photos.ReadAsync(scan.ImageKey, ct) is not { } photo)
                {
                    return (null, ScanErrors.ImageFetchFailed(scan.Language), []);
                }

                try
                {
                    var (seen, refusal) = await byModel.LookAsync(choice, scan, words, photo, ct);
                    return (seen, refusal, lost);
                }
                catch (ModelException e) when (e.Why == ModelFailure.Refused)
                {
                    Refused(logger, scan.JobId, choice.Provider, e.Message);
                    return (null, ScanErrors.VisionFailed(scan.Language), []);
                }
                catch (ModelException e)
                {
                    (away, provider) = (e, choice.Provider);
                    StandsIn(logger, scan.JobId, choice.Provider, e.Why, e.Message);
                }
            }

            var (vision, error) = await locally.LookAsync(scan, words, ct);
            return provider is null || vision is null
                ? (vision, error, lost)
                : (vision with { Model = vision.Model with { FallbackFrom = provider } }, null, [.. lost, "LOCAL_MODEL_USED"]);
        }
        catch (Exception e) when (away is not null && e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            // Nobody is left who could look: say which of the two is worth another try.
            return (null, ScanErrors.ProviderAway(away.Why, "vision", scan.Language), []);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return (null, ScanErrors.Timeout("vision", scan.Language), []);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scan {JobId}: {Provider} does not take the picture: {Why}")]
    private static partial void Refused(ILogger logger, Guid jobId, string provider, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scan {JobId}: {Provider} is {Failure}, the local model stands in: {Why}")]
    private static partial void StandsIn(ILogger logger, Guid jobId, string provider, ModelFailure failure, string why);
}

/// <summary>What is left of a job's time.</summary>
internal static class Deadline
{
    internal static CancellationTokenSource Of(ScanRun run, TimeProvider clock)
    {
        var left = run.Deadline - clock.GetUtcNow();
        var source = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock);
        if (left <= TimeSpan.Zero)
        {
            source.Cancel();
        }

        return source;
    }
}
