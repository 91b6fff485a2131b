namespace Eco2.Worker.Knowledge;

/// <summary>Everything known about disposing of one category: one file under <c>data/rules</c>.</summary>
internal sealed record Rule(
    string Key,
    string MajorCode,
    Said Name,
    string Version,
    DateOnly CheckedOn,
    string SourceTitle,
    string? SourceUrl,
    Said Summary,
    Said Place,
    IReadOnlyList<AcceptedGroup> Accepts,
    IReadOnlyList<Note> Background,
    IReadOnlyList<RuleStep> Steps,
    IReadOnlyList<Refusal> NotAccepted,
    IReadOnlyList<Note> Cautions,
    IReadOnlyList<Note> Mistakes,
    IReadOnlyList<Note> Safety,
    IReadOnlyList<Note> LocalVariation,
    IReadOnlyList<Contact> Contacts,
    IReadOnlyList<string> Captions)
{
    public AcceptedGroup? GroupOf(string? item) => item is null ? null : Accepts.FirstOrDefault(g => g.ItemCodes.Contains(item));
}

internal sealed record AcceptedGroup(Said Name, IReadOnlyList<string> ItemCodes);

/// <summary>When a step or a note concerns the object at hand. An empty list does not limit.</summary>
internal sealed record Scope(
    IReadOnlyList<string> Items,
    IReadOnlyList<string> ExceptItems,
    IReadOnlyList<string> WithTags,
    IReadOnlyList<string> WithoutTags)
{
    public bool Covers(string? item, IReadOnlySet<string> tags) =>
        (Items.Count == 0 || (item is not null && Items.Contains(item)))
        && (item is null || !ExceptItems.Contains(item))
        && (WithTags.Count == 0 || WithTags.Any(tags.Contains))
        && !WithoutTags.Any(tags.Contains);
}

/// <summary>One thing to do.</summary>
/// <param name="Id">Where it stands, <c>steps/2</c> or <c>캔/1</c>: what an answer cites.</param>
/// <param name="Group">Only for one group of items; null for the common method.</param>
/// <param name="SatisfiesTags">Tags that are settled once it is done.</param>
/// <param name="DoneWhen">Tags that show that it is done.</param>
/// <param name="IsPlace">The last step: where it is put out.</param>
/// <param name="Added">Not confirmed by a content owner yet: said with a hint to check locally.</param>
internal sealed record RuleStep(
    string Id,
    string? Group,
    Said Text,
    Scope Scope,
    IReadOnlyList<string> SatisfiesTags,
    IReadOnlyList<string> DoneWhen,
    bool IsPlace,
    bool Added);

/// <summary>What looks as if it belonged here and goes elsewhere: a certain item, or whatever shows certain tags.</summary>
internal sealed record Refusal(
    string Id,
    Said What,
    string? ItemCode,
    string GoTo,
    Said? Condition,
    Said? Step,
    Scope Scope,
    bool Added)
{
    public bool ByTags => Scope.WithTags.Count > 0;
}

internal sealed record Note(Said Text, Scope Scope, bool Added);

internal sealed record Contact(Said Name, string? Phone, string? Url);

/// <summary>The 18 rules, found by code and by nothing else.</summary>
internal sealed class RuleBase(IReadOnlyList<Rule> all)
{
    private readonly Dictionary<string, Rule> _byKey = all.ToDictionary(r => r.Key);
    private readonly ILookup<string?, (Rule Rule, Refusal Refusal)> _refusals =
        all.SelectMany(r => r.NotAccepted.Select(n => (Rule: r, Refusal: n))).ToLookup(f => f.Refusal.ItemCode);

    public IReadOnlyList<Rule> All => all;

    public Rule? Find(string? key) => key is null ? null : _byKey.GetValueOrDefault(key);

    /// <summary>The rule that says of an item of another category that it only looks as if it belonged there.</summary>
    public (Rule Rule, Refusal Refusal)? MistakenFor(Item item, string? preferred)
    {
        var found = _refusals[item.Code].Where(f => f.Rule.Key != item.MiddleCode).ToList();
        if (found.Count == 0) return null;
        return found.FirstOrDefault(f => f.Rule.Key == preferred) is { Rule: not null } match ? match : found[0];
    }
}
