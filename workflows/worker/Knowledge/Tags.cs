using Eco2.Contracts.Scan;

namespace Eco2.Worker.Knowledge;

/// <summary>A situation tag: something about the object that can be seen and may matter for disposal.</summary>
/// <param name="Kind">B, B*, A, I, S, SB or R.</param>
/// <param name="Blocks">Codes of middles or items: all there is for B*; for R, where washing is asked for instead of re-routing.</param>
/// <param name="NotFor">Where it is the thing itself and nothing to be done: a power bank has a battery inside.</param>
internal sealed record Tag(
    string Code,
    string Ko,
    string En,
    string Kind,
    IReadOnlyList<string> Blocks,
    IReadOnlyList<string> NotFor,
    Said? Action,
    Said? Missing,
    Said? Safety)
{
    /// <summary>Whether the reward waits until this is done, for a thing that ends in <paramref name="middle"/>.</summary>
    public bool BlocksIn(string middle, string? item) =>
        !NotFor.Contains(middle) && (Kind is "B" or "SB" || Blocks.Contains(middle) || (item is not null && Blocks.Contains(item)));
}

/// <summary>The 79 tags and what holds between them.</summary>
internal sealed class TagBook(
    string version,
    IReadOnlyList<Tag> all,
    IReadOnlyList<IReadOnlyList<string>> exclusive,
    IReadOnlyList<(string Tag, IReadOnlyList<string> By)> implied)
{
    private readonly Dictionary<string, Tag> _byCode = all.ToDictionary(t => t.Code);
    private readonly Dictionary<string, Tag> _byName = all.ToDictionary(t => t.Ko);

    public string Version => version;

    public IReadOnlyList<Tag> All => all;

    public IReadOnlyList<IReadOnlyList<string>> Exclusive => exclusive;

    public Tag? Find(string? code) => code is null ? null : _byCode.GetValueOrDefault(code);

    /// <summary>By code or by the Korean name models and old clients use.</summary>
    public Tag? Read(string? text) => text is null ? null : Find(text) ?? _byName.GetValueOrDefault(Korean.Compose(text.Trim()));

    /// <summary>Drops the less certain of what excludes each other, adds what follows; the order of the tag file.</summary>
    public IReadOnlyList<SeenTag> Settle(IEnumerable<SeenTag> seen)
    {
        var kept = new Dictionary<string, SeenTag>();
        foreach (var tag in seen)
            if (_byCode.ContainsKey(tag.Code) && (!kept.TryGetValue(tag.Code, out var before) || before.Confidence < tag.Confidence))
                kept[tag.Code] = tag;
        foreach (var set in exclusive)
        {
            var present = set.Where(kept.ContainsKey).ToList();
            var best = present.MaxBy(code => kept[code].Confidence);
            foreach (var code in present.Where(code => code != best)) kept.Remove(code);
        }
        foreach (var (code, by) in implied)
            if (!kept.ContainsKey(code) && by.Where(kept.ContainsKey).MaxBy(c => kept[c].Confidence) is { } cause)
                kept[code] = new SeenTag(code, _byCode[code].Ko, kept[cause].Confidence);
        return [.. all.Where(t => kept.ContainsKey(t.Code)).Select(t => kept[t.Code] with { Label = t.Ko })];
    }

    /// <summary>True if another present tag already says this one.</summary>
    public bool IsSaidBy(string code, IReadOnlySet<string> present) =>
        implied.Any(i => i.Tag == code && i.By.Any(present.Contains));
}
