using Dapr.Workflow;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.Worker.Knowledge;
using Eco2.Worker.Models;
using Eco2.Workflows.Scan;

namespace Eco2.Worker.Scan;

/// <summary>Which rule holds? Code decides, in no time, so it is no step of its own. Then its words: a provider if one is configured, held to the plan; else
/// composed from the rule's own sentences.</summary>
internal sealed partial class WriteAnswerActivity(
    ScanEvents events,
    Disposal disposal,
    AnswerComposer composer,
    ModelClients models,
    AnswerByModel byModel,
    SentWords sentWords,
    TimeProvider clock,
    ILogger<WriteAnswerActivity> logger)
    : WorkflowActivity<WriteAnswer, Answered>
{
    public override async Task<Answered> RunAsync(WorkflowActivityContext context, WriteAnswer input)
    {
        var (scan, vision, began) = (input.Run.Request, input.Seen.Vision!, clock.GetTimestamp());
        var plan = disposal.Decide(vision);
        var ruled = Ruled(plan, (long)clock.GetElapsedTime(began).TotalMilliseconds);
        var told = events.PublishAsync(
            scan,
            ScanEvents.IdOf(scan, "vision", "started"),
            events.Completed(scan, "vision", vision),
            events.Started(scan, "rule"),
            events.Completed(scan, "rule", ruled.Rule),
            events.Started(scan, "answer"));
        var (answer, error, warnings) = await WriteAsync(input.Run, plan, vision);
        var took = (long)clock.GetElapsedTime(began).TotalMilliseconds;
        if (answer?.Model.Provider == Provider.Local)
        {
            answer = answer with { Model = answer.Model with { LatencyMs = took } };
        }

        await told;
        return new Answered(ruled, answer, error, took - ruled.Milliseconds, warnings);
    }

    private static Ruled Ruled(DisposalPlan plan, long took) => new(
        plan.Reference,
        plan.Classified ? new Place(plan.Final.Code, plan.Final.Ko) : null,
        plan.Classified ? plan.Final.MajorCode : null,
        plan.Reroute is not null,
        [.. plan.Gaps.Where(gap => gap.Blocking).Select(gap => gap.Tag)],
        took,
        plan.Kind == PlanKind.NoRule ? [DisposalPlan.RuleNotFound] : []);

    private async Task<(Answer?, JobError?, IReadOnlyList<string>)> WriteAsync(ScanRun run, DisposalPlan plan, VisionResult vision)
    {
        var scan = run.Request;
        using var deadline = Deadline.Of(run, clock);
        try
        {
            var (words, lost) = await sentWords.ReadAsync(scan, deadline.Token);
            var composed = composer.Compose(plan, vision, words, scan.Language, new ModelUse(Provider.Local, "composer", 0));
            // Without a rule there is nothing a model could say.
            if (plan.Kind != PlanKind.Guide || await models.ForAnswerAsync(scan.Model, deadline.Token) is not { } choice)
            {
                return (composed, null, lost);
            }

            try
            {
                var (answer, error) = await byModel.WriteAsync(choice, scan, words, plan, composed, deadline.Token);
                return (answer, error, lost);
            }
            catch (ModelException e) when (e.Why == ModelFailure.Refused)
            {
                Refused(logger, scan.JobId, choice.Provider, e.Message);
                return (null, ScanErrors.AnswerFailed(scan.Language), []);
            }
            catch (ModelException e)
            {
                StandsIn(logger, scan.JobId, choice.Provider, e.Why, e.Message);
                return (composed with { Model = composed.Model with { FallbackFrom = choice.Provider } }, null, [.. lost, "LOCAL_MODEL_USED"]);
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return (null, ScanErrors.Timeout("answer", scan.Language), []);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scan {JobId}: {Provider} does not word the answer: {Why}")]
    private static partial void Refused(ILogger logger, Guid jobId, string provider, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scan {JobId}: {Provider} is {Failure}, the composed answer stands in: {Why}")]
    private static partial void StandsIn(ILogger logger, Guid jobId, string provider, ModelFailure failure, string why);
}
