namespace Eco2.Worker.Knowledge;

/// <summary>Reads <c>tags.yaml</c>.</summary>
internal static class TagsFile
{
    private static readonly string[] Kinds = ["B", "B*", "A", "I", "S", "SB", "R"];

    public static TagBook Read(string directory, Taxonomy taxonomy)
    {
        var file = Entry.Open(Path.Combine(directory, "tags.yaml"));
        var tags = new List<Tag>();
        var groups = file.List("groups");
        if (groups.Count != 11) throw file.Part("groups").Wrong($"there must be 11 groups, not {groups.Count}");
        foreach (var group in groups)
        {
            _ = (group.Text("ko"), group.Text("en"));
            foreach (var at in group.List("tags")) tags.Add(ReadTag(at, tags, taxonomy));
            group.NothingElse();
        }
        if (file.Number("count") != tags.Count) throw file.Part("count").Wrong($"there are {tags.Count} tags");
        var known = tags.Select(t => t.Code).ToHashSet();
        var exclusive = file.List("exclusive").Select(set => Known(set, set.Items(), known)).ToList();
        var implied = file.List("implied").Select(at =>
        {
            var pair = (Known(at, [at.Part("tag")], known)[0], Known(at, at.List("by"), known));
            at.NothingElse();
            return pair;
        }).ToList();
        var version = file.Text("version");
        file.NothingElse();
        return new TagBook(version, tags, exclusive, implied);
    }

    private static Tag ReadTag(Entry at, List<Tag> before, Taxonomy taxonomy)
    {
        var tag = new Tag(at.Text("code"), at.Text("ko"), at.Text("en"), at.Text("class"), at.Texts("blocks"), at.Texts("not_for"),
            Words(at, "action"), Words(at, "missing"), Words(at, "safety"));
        at.NothingElse();
        if (before.Any(t => t.Code == tag.Code || t.Ko == tag.Ko)) throw at.Wrong($"tag '{tag.Code}' is there twice");
        if (!Kinds.Contains(tag.Kind)) throw at.Wrong($"class '{tag.Kind}' is none of {string.Join(", ", Kinds)}");
        foreach (var code in tag.Blocks.Concat(tag.NotFor))
            if (taxonomy.FindMiddle(code) is null && taxonomy.FindItem(code) is null)
                throw at.Wrong($"'{code}' is no category and no item");
        if (tag.Kind == "B*" != tag.Blocks.Count > 0 && tag.Kind != "R") throw at.Wrong($"class {tag.Kind} and blocks do not go together");
        if ((tag.Kind is "A" or "B" or "B*" or "SB" || tag.Blocks.Count > 0) && tag.Missing is null)
            throw at.Wrong($"tag '{tag.Code}' needs words for 'missing'");
        if (tag.Kind.StartsWith('S') && tag.Safety is null) throw at.Wrong($"tag '{tag.Code}' needs words for 'safety'");
        return tag;
    }

    private static Said? Words(Entry at, string key) => at.PartOrNull(key) is { } part ? Said.Read(part) : null;

    private static IReadOnlyList<string> Known(Entry at, IReadOnlyList<Entry> codes, HashSet<string> known)
    {
        foreach (var code in codes)
            if (!known.Contains(code.Scalar())) throw at.Wrong($"'{code.Scalar()}' is no tag");
        return [.. codes.Select(c => c.Scalar())];
    }
}
