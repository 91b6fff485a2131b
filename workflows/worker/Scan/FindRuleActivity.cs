using Dapr.Workflow;
using Eco2.Contracts.Scan;
using Eco2.Worker.Knowledge;
using Eco2.Workflows.Scan;

namespace Eco2.Worker.Scan;

/// <summary>Which rule holds, and where does it go? Code decides. The event that ends vision is told here, from what the workflow recorded,
/// so that log and result can never differ.</summary>
internal sealed class FindRuleActivity(ScanEvents events, Disposal disposal, TimeProvider clock) : WorkflowActivity<FindRule, Ruled>
{
    public override async Task<Ruled> RunAsync(WorkflowActivityContext context, FindRule input)
    {
        var (scan, began) = (input.Run.Request, clock.GetTimestamp());
        var plan = disposal.Decide(input.Seen.Vision!);
        var ruled = new Ruled(
            plan.Reference,
            plan.Classified ? new Place(plan.Final.Code, plan.Final.Ko) : null,
            plan.Classified ? plan.Final.MajorCode : null,
            plan.Reroute is not null,
            [.. plan.Gaps.Where(gap => gap.Blocking).Select(gap => gap.Tag)],
            (long)clock.GetElapsedTime(began).TotalMilliseconds,
            plan.Kind == PlanKind.NoRule ? [DisposalPlan.RuleNotFound] : []);
        await events.PublishAsync(
            scan,
            ScanEvents.IdOf(scan, "vision", "started"),
            events.Completed(scan, "vision", input.Seen.Vision),
            events.Started(scan, "rule"),
            events.Completed(scan, "rule", plan.Reference));
        return ruled;
    }
}
