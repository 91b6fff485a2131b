namespace Eco2.Worker.Knowledge;

/// <summary>What a text model is given about a picture: the facts that apply, not the rule file.</summary>
internal sealed record RuleFacts(
    string Key,
    string Version,
    string Name,
    string Summary,
    string FinalPlace,
    string? LooksLike,
    IReadOnlyList<FactStep> Steps,
    IReadOnlyList<string> Insufficiencies,
    IReadOnlyList<string> Cautions,
    IReadOnlyList<string> Safety,
    IReadOnlyList<string> Reroutes,
    IReadOnlyList<string> Mistakes,
    IReadOnlyList<string> LocalNotes,
    IReadOnlyList<string> Contacts)
{
    /// <summary>Null when there is no rule: then there is nothing a model could say.</summary>
    public static RuleFacts? From(DisposalPlan plan, string language)
    {
        if (plan.Rule is not { } rule) return null;
        return new RuleFacts(
            rule.Key, rule.Version, rule.Name.In(language), rule.Summary.In(language), plan.Final.In(language), plan.Reroute?.From.In(language),
            [.. plan.Steps.Select(s => new FactStep(s.Order, s.Source, s.Text.In(language), s.Done, s.Tags))],
            Words(plan.Gaps.Select(g => g.Text)), Words(plan.Cautions), Words(plan.Safety), RerouteOf(plan, language),
            Words(plan.Mistakes), Words(plan.LocalNotes),
            [.. plan.Contacts.Select(c => string.Join(' ', new[] { c.Name.In(language), c.Phone, c.Url }.OfType<string>()))]);

        IReadOnlyList<string> Words(IEnumerable<Said> said) => [.. said.Select(s => s.In(language))];
    }

    private static IReadOnlyList<string> RerouteOf(DisposalPlan plan, string language) => plan.Reroute is not { } reroute
        ? []
        : [$"{reroute.What.In(language)} → {reroute.To.In(language)}" + (reroute.Condition is { } c ? $" ({c.In(language)})" : "")];
}

/// <param name="Source">To cite: a model's step names the step it was made from.</param>
internal sealed record FactStep(int Order, string Source, string Text, bool Done, IReadOnlyList<string> Tags);
