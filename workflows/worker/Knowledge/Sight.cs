using Eco2.Contracts.Scan;

namespace Eco2.Worker.Knowledge;

/// <summary>What a model said about one object, still unchecked: codes or Korean names.</summary>
internal sealed record RawSight(
    string? Major,
    string? Middle,
    string? Item,
    string? FreeLabel,
    double Confidence,
    IReadOnlyList<RawTag> Tags);

internal sealed record RawTag(string Tag, double Confidence);

/// <summary>A checked vision result. <paramref name="Problems"/> are reasons to ask the model for a repair, and then to fail the job:
/// a name that is not in the taxonomy never becomes a silent "unknown".</summary>
/// <param name="UnknownTags">Dropped, and counted by whoever keeps counts.</param>
internal sealed record SettledSight(VisionResult Vision, IReadOnlyList<string> Problems, IReadOnlyList<string> UnknownTags);

/// <summary>Turns what a model said into a vision result in which codes, names and tags agree.</summary>
internal static class Sight
{
    public const string Schema = "vision/2";

    /// <summary>Below this the object counts as not recognised.</summary>
    public const double ClassifiedFrom = 0.30;

    /// <summary>Below this the answer says that it is unsure, and nothing is won.</summary>
    public const double SureFrom = 0.55;

    private const int MostOthers = 4, LongestLabel = 60;

    public static SettledSight Settle(KnowledgeBase knowledge, RawSight primary, IReadOnlyList<RawSight> others, bool multiple, ModelUse model)
    {
        var problems = new List<string>();
        var unknown = new List<string>();
        var many = multiple || others.Count > 0;
        var first = One(knowledge, primary, many, problems, unknown);
        var rest = others.Take(MostOthers).Select(o => One(knowledge, o, false, problems, unknown)).ToList();
        return new SettledSight(Result(knowledge, first, rest, model), problems, unknown);
    }

    /// <summary>A result from objects that already agree with the taxonomy.</summary>
    public static VisionResult Result(KnowledgeBase knowledge, SeenItem primary, IReadOnlyList<SeenItem> others, ModelUse model) =>
        new(Schema, knowledge.Taxonomy.Version, primary, others, primary.Tags.Any(t => t.Code == "multiple_items"),
            primary.Confidence < SureFrom || primary.MiddleCode == Taxonomy.Unclassified, model);

    /// <summary>An object in which code, names and tags agree. An unknown item of a known middle says so by its tag.</summary>
    public static SeenItem Make(KnowledgeBase knowledge, Middle middle, Item? item, string? freeLabel, double confidence,
        IEnumerable<SeenTag> tags, RunnerUp? runnerUp = null)
    {
        if (confidence < ClassifiedFrom) (middle, item, freeLabel) = (knowledge.Taxonomy.FindMiddle(Taxonomy.Unclassified)!, null, null);
        var label = item?.Ko ?? freeLabel;
        var extra = tags.Where(t => t.Code is not ("unclassified" or "unclassified_minor")).ToList();
        if (middle.Code == Taxonomy.Unclassified) extra.Add(Tag(knowledge, "unclassified", 1));
        else if (label is null) extra.Add(Tag(knowledge, "unclassified_minor", 1));
        var major = knowledge.Taxonomy.FindMajor(middle.MajorCode)!;
        return new SeenItem(major.Code, middle.Code, item?.Code, major.Ko, middle.Ko, label, Math.Clamp(confidence, 0, 1),
            knowledge.Tags.Settle(extra), runnerUp);
    }

    public static SeenTag Tag(KnowledgeBase knowledge, string code, double confidence) =>
        new(code, knowledge.Tags.Find(code)!.Ko, confidence);

    private static SeenItem One(KnowledgeBase knowledge, RawSight raw, bool multiple, List<string> problems, List<string> unknown)
    {
        var taxonomy = knowledge.Taxonomy;
        var item = taxonomy.FindItem(raw.Item) ?? knowledge.Words.Exact(raw.Item);
        var major = taxonomy.ReadMajor(raw.Major);
        var middle = taxonomy.FindMiddle(item?.MiddleCode) ?? taxonomy.ReadMiddle(raw.Middle);
        if (raw.Major is not null && major is null) problems.Add($"'{raw.Major}' is no major category");
        if (raw.Middle is not null && taxonomy.ReadMiddle(raw.Middle) is null) problems.Add($"'{raw.Middle}' is no middle category");
        if (raw.Item is not null && item is null) problems.Add($"'{raw.Item}' is no item; use null and a free label");
        if (middle is null) problems.Add("a middle category is required");
        else if (major is not null && item is null && middle.MajorCode != major.Code)
            problems.Add($"middle category '{middle.Code}' does not belong to major category '{major.Code}'");
        if (double.IsNaN(raw.Confidence) || raw.Confidence is < 0 or > 1) problems.Add($"confidence {raw.Confidence} is not between 0 and 1");

        var tags = new List<SeenTag>();
        foreach (var rawTag in raw.Tags)
        {
            if (knowledge.Tags.Read(rawTag.Tag) is { } tag) tags.Add(new SeenTag(tag.Code, tag.Ko, Math.Clamp(rawTag.Confidence, 0, 1)));
            else unknown.Add(rawTag.Tag);
        }
        if (multiple) tags.Add(Tag(knowledge, "multiple_items", 1));
        return Make(knowledge, middle ?? taxonomy.FindMiddle(Taxonomy.Unclassified)!, item, Label(raw.FreeLabel),
            double.IsNaN(raw.Confidence) ? 0 : raw.Confidence, tags);
    }

    private static string? Label(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        var clean = Korean.Compose(new string([.. text.Where(c => !char.IsControl(c))])).Trim();
        return clean.Length <= LongestLabel ? clean : clean[..LongestLabel];
    }
}
