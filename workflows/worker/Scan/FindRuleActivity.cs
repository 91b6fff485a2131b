using Dapr.Workflow;
using Eco2.Contracts.Scan;
using Eco2.Worker.Knowledge;
using Eco2.Workflows.Scan;

namespace Eco2.Worker.Scan;

/// <summary>Which rule holds, and where does it go? Code decides, in no time: the next step tells it, from what the workflow recorded.</summary>
internal sealed class FindRuleActivity(Disposal disposal, TimeProvider clock) : WorkflowActivity<FindRule, Ruled>
{
    public override Task<Ruled> RunAsync(WorkflowActivityContext context, FindRule input)
    {
        var began = clock.GetTimestamp();
        var plan = disposal.Decide(input.Seen.Vision!);
        return Task.FromResult(new Ruled(
            plan.Reference,
            plan.Classified ? new Place(plan.Final.Code, plan.Final.Ko) : null,
            plan.Classified ? plan.Final.MajorCode : null,
            plan.Reroute is not null,
            [.. plan.Gaps.Where(gap => gap.Blocking).Select(gap => gap.Tag)],
            (long)clock.GetElapsedTime(began).TotalMilliseconds,
            plan.Kind == PlanKind.NoRule ? [DisposalPlan.RuleNotFound] : []));
    }
}
