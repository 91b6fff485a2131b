using Eco2.Contracts.Scan;

namespace Eco2.Worker.Knowledge;

/// <summary>The rule engine: from what was seen to what is to be done. No model has a say in it.</summary>
internal sealed class Disposal(KnowledgeBase knowledge)
{
    private const int MostSteps = 10, MostCautions = 3, MostMistakes = 3, MostHops = 3;

    public DisposalPlan Decide(VisionResult vision)
    {
        var plan = Decide(vision.Primary);
        return vision.Others.Count == 0 ? plan : plan with { Others = [.. vision.Others.Select(Other)] };
    }

    private DisposalPlan Decide(SeenItem seen)
    {
        var present = seen.Tags.Select(t => t.Code).ToHashSet();
        var item = knowledge.Taxonomy.FindItem(seen.ItemCode);
        var looks = knowledge.Taxonomy.FindMiddle(seen.MiddleCode);
        if (looks is null || looks.Code == Taxonomy.Unclassified || seen.Confidence < Sight.ClassifiedFrom)
            return Empty(PlanKind.Unclassified, null, seen, knowledge.Taxonomy.FindMiddle(Taxonomy.Unclassified)!);
        var start = knowledge.Taxonomy.FindMiddle(item?.MiddleCode) ?? looks;
        if (knowledge.Rules.Find(start.Code) is not { } rule) return Empty(PlanKind.NoRule, item, seen, start);

        var (final, reroute, refusal) = Follow(rule, item, looks, present);
        var endsIn = knowledge.Taxonomy.FindMiddle(final.Key)!;
        var steps = Steps(final, item, present, reroute, refusal);
        var cautions = Matching(final.Cautions, item, present).Take(MostCautions).ToList();
        var safety = present.Select(knowledge.Tags.Find).Where(t => t?.Safety is not null && !knowledge.Tags.IsSaidBy(t.Code, present))
            .OrderBy(t => IndexOf(t!)).Select(t => t!.Safety!)
            .Concat(Matching(final.Safety, item, present).Select(n => n.Text));
        var local = Matching(final.LocalVariation, item, present).ToList();
        var unconfirmed = cautions.Any(n => n.Added) || local.Any(n => n.Added) || refusal is { Refusal.Added: true }
            || steps.Any(s => final.Steps.Any(r => r.Added && s.Source == Cite(final, r.Id)));
        return new DisposalPlan(PlanKind.Guide, item, seen.MinorCategory, looks, endsIn, reroute, final, steps,
            Gaps(endsIn, final, item, present), [.. cautions.Select(n => n.Text)], [.. safety.Distinct()],
            [.. Matching(final.Mistakes, item, present).Take(MostMistakes).Select(n => n.Text)], [.. local.Select(n => n.Text)],
            final.Contacts, []) { HasUnconfirmed = unconfirmed };
    }

    private static DisposalPlan Empty(PlanKind kind, Item? item, SeenItem seen, Middle at) =>
        new(kind, item, seen.MinorCategory, at, at, null, null, [], [], [], [], [], [], [], []);

    /// <summary>Re-routes by what shows, at most a few hops, never in a circle; else says what the item is often mistaken for.</summary>
    private (Rule Final, Reroute? Reroute, (Rule Rule, Refusal Refusal)? Why) Follow(Rule start, Item? item, Middle looks, HashSet<string> present)
    {
        var (rule, visited) = (start, new HashSet<string> { start.Key });
        Reroute? reroute = null;
        (Rule, Refusal)? why = null;
        for (var hop = 0; hop < MostHops; hop++)
        {
            var refusal = rule.NotAccepted.FirstOrDefault(n => n.ByTags && n.Scope.Covers(item?.Code, present) && !visited.Contains(n.GoTo));
            if (refusal is null || knowledge.Rules.Find(refusal.GoTo) is not { } next) break;
            why ??= (rule, refusal);
            reroute = new Reroute(CategoryOf(start), CategoryOf(next), refusal.What, refusal.Condition, Moved: true);
            visited.Add(next.Key);
            rule = next;
        }
        if (reroute is null && item is not null && knowledge.Rules.MistakenFor(item, looks.Code) is { } other)
        {
            why = other;
            reroute = new Reroute(CategoryOf(other.Rule), CategoryOf(rule), other.Refusal.What, other.Refusal.Condition, Moved: looks.Code != rule.Key);
        }
        return (rule, reroute, why);
    }

    private static List<PlannedStep> Steps(Rule rule, Item? item, HashSet<string> present, Reroute? reroute, (Rule Rule, Refusal Refusal)? why)
    {
        var group = rule.GroupOf(item?.Code);
        var common = rule.Steps.Where(s => s.Group is null && s.Scope.Covers(item?.Code, present)).ToList();
        var grouped = rule.Steps.Where(s => s.Group is not null && s.Scope.Covers(item?.Code, present)
            && (s.Group == group?.Name.Ko || (item is null && reroute is null))).ToList();
        var made = new List<(Said Text, RuleStep Step)>();
        made.AddRange(common.Where(s => !s.IsPlace).Select(s => (s.Text, s)));
        made.AddRange(grouped.Select(s => (group is null ? Prefixed(rule, s) : s.Text, s)));
        // A group may have its own place; the common one then would send it to the wrong bin.
        var ownPlace = group is not null && grouped.Any(s => s.IsPlace);
        made.AddRange(common.Where(s => s.IsPlace && !ownPlace).Select(s => (s.Text, s)));

        var steps = new List<PlannedStep>();
        if (reroute is not null && why is { } w) steps.Add(new PlannedStep(1, w.Refusal.Step ?? Redirect(reroute), false, w.Refusal.Scope.WithTags.Where(present.Contains).ToList(), Cite(w.Rule, w.Refusal.Id), false));
        // When there are too many, what waits in the middle goes; the place to put it stays.
        var places = made.Where(m => m.Step.IsPlace).ToList();
        var room = Math.Max(0, MostSteps - steps.Count - places.Count);
        foreach (var (text, step) in made.Where(m => !m.Step.IsPlace).Take(room).Concat(places).Take(MostSteps - steps.Count))
            steps.Add(new PlannedStep(steps.Count + 1, text, IsDone(step, present), step.SatisfiesTags, Cite(rule, step.Id), step.IsPlace));
        return steps;
    }

    private List<PlannedGap> Gaps(Middle final, Rule rule, Item? item, HashSet<string> present)
    {
        var rewardable = knowledge.Taxonomy.FindMajor(final.MajorCode)!.Rewardable;
        var covered = rule.Steps.Where(s => s.Scope.Covers(item?.Code, present)).SelectMany(s => s.SatisfiesTags).ToHashSet();
        return [.. knowledge.Tags.All
            .Where(t => present.Contains(t.Code) && t.Missing is not null && !knowledge.Tags.IsSaidBy(t.Code, present))
            .Select(t => (Tag: t, Blocking: t.BlocksIn(final.Code, item?.Code)))
            // Where nothing is won, only what the rule can help with is worth saying; advice anywhere.
            .Where(g => (g.Blocking && rewardable) || covered.Contains(g.Tag.Code))
            .OrderByDescending(g => g.Tag.Safety is not null).ThenByDescending(g => g.Blocking)
            .Select(g => new PlannedGap(g.Tag.Code, g.Tag.Missing!, g.Blocking))];
    }

    private OtherObject Other(SeenItem seen)
    {
        var plan = Decide(seen);
        return new OtherObject(plan.Name("ko"), plan.Name("en"), plan.Final);
    }

    private static bool IsDone(RuleStep step, HashSet<string> present) =>
        step.DoneWhen.Any(present.Contains) && !step.SatisfiesTags.Any(present.Contains);

    private static IEnumerable<Note> Matching(IReadOnlyList<Note> notes, Item? item, HashSet<string> present) =>
        notes.Where(n => n.Scope.Covers(item?.Code, present));

    private static Said Prefixed(Rule rule, RuleStep step)
    {
        var name = rule.Accepts.First(g => g.Name.Ko == step.Group).Name;
        return new Said($"{Korean.If(name.Ko)} {step.Text.Ko}", $"If it is {name.En}: {char.ToLowerInvariant(step.Text.En[0])}{step.Text.En[1..]}");
    }

    private static Said Redirect(Reroute r) => new(
        $"{Korean.Topic(r.What.Ko)} {Korean.Subject(r.From.Ko)} 아니라 {Korean.Toward(r.To.Ko)} 배출해 주세요{(r.Condition is { } ko ? $" ({ko.Ko})" : "")}.",
        $"Put {r.What.En} into {r.To.En}, not into {r.From.En}{(r.Condition is { } en ? $" ({en.En})" : "")}.");

    private Middle CategoryOf(Rule rule) => knowledge.Taxonomy.FindMiddle(rule.Key)!;

    private int IndexOf(Tag tag) => knowledge.Tags.All.ToList().IndexOf(tag);

    private static string Cite(Rule rule, string id) => $"{rule.Key}#{id}";
}
