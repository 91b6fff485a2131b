using Eco2.Contracts.Scan;

namespace Eco2.Worker.Knowledge;

internal enum PlanKind
{
    /// <summary>There is a rule and a way.</summary>
    Guide,

    /// <summary>There is a category but no rule for it: warning RULE_NOT_FOUND, no steps, no reward.</summary>
    NoRule,

    /// <summary>Nothing could be recognised.</summary>
    Unclassified,
}

/// <summary>What code decided about one picture, before anybody words it.</summary>
/// <param name="Seen">What it looks like.</param>
/// <param name="Final">Where it goes.</param>
/// <param name="Rule">The rule of <paramref name="Final"/>.</param>
/// <param name="Others">The other objects in the picture and where they go.</param>
internal sealed record DisposalPlan(
    PlanKind Kind,
    Item? Item,
    string? FreeLabel,
    Middle Seen,
    Middle Final,
    Reroute? Reroute,
    Rule? Rule,
    IReadOnlyList<PlannedStep> Steps,
    IReadOnlyList<PlannedGap> Gaps,
    IReadOnlyList<Said> Cautions,
    IReadOnlyList<Said> Safety,
    IReadOnlyList<Said> Mistakes,
    IReadOnlyList<Said> LocalNotes,
    IReadOnlyList<Contact> Contacts,
    IReadOnlyList<OtherObject> Others)
{
    public const string RuleNotFound = "RULE_NOT_FOUND";

    /// <summary>Facts that a content owner has not confirmed: the answer says that they may differ.</summary>
    public bool HasUnconfirmed { get; init; }

    public bool HasBlocking => Gaps.Any(g => g.Blocking);

    public bool RuleFound => Rule is not null;

    public bool Classified => Kind != PlanKind.Unclassified;

    public RuleReference? Reference => Rule is null ? null : new RuleReference(Rule.Key, Rule.Version, Rule.Name.Ko);

    /// <summary>What to call the thing.</summary>
    public string Name(string language) => Item?.In(language) ?? FreeLabel ?? Seen.In(language);
}

/// <summary>It looks like one thing and goes with another.</summary>
/// <param name="Moved">True if what was seen decided it; false if the item itself belongs elsewhere and is only often mistaken.</param>
internal sealed record Reroute(Middle From, Middle To, Said What, Said? Condition, bool Moved);

/// <param name="Source">Which step of which rule: <c>metal#캔/1</c>.</param>
internal sealed record PlannedStep(int Order, Said Text, bool Done, IReadOnlyList<string> Tags, string Source, bool IsPlace);

/// <summary>Something not done yet.</summary>
internal sealed record PlannedGap(string Tag, Said Text, bool Blocking);

internal sealed record OtherObject(string NameKo, string NameEn, Middle Final)
{
    public string In(string language) => language == "en" ? NameEn : NameKo;
}
