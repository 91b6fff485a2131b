using System.Globalization;

namespace Eco2.Worker.Knowledge;

/// <summary>Reads <c>rules/*.yaml</c>: one per middle of the recyclables and one per other major that has rules.</summary>
internal sealed class RuleFile(Entry file, Taxonomy taxonomy, TagBook tags)
{
    public static RuleBase ReadAll(string directory, Taxonomy taxonomy, TagBook tags)
    {
        var folder = Path.Combine(directory, "rules");
        var wanted = taxonomy.Middles.Select(m => m.Code).Where(c => c != Taxonomy.Unclassified).ToList();
        foreach (var path in Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal))
            if (!wanted.Contains(Path.GetFileNameWithoutExtension(path)))
                throw new KnowledgeException($"{Path.GetFileName(path)}: no category has this code");
        return new RuleBase([.. wanted.Select(code =>
        {
            var path = Path.Combine(folder, code + ".yaml");
            if (!File.Exists(path)) throw new KnowledgeException($"rules/{code}.yaml: category '{code}' has no rule file");
            return new RuleFile(Entry.Open(path), taxonomy, tags).Read(code);
        })]);
    }

    private Rule Read(string code)
    {
        var category = taxonomy.FindMiddle(code)!;
        Same("key", code);
        Same("major_code", category.MajorCode);
        Same("name_ko", category.Ko);
        if (!DateOnly.TryParseExact(file.Text("checked_on"), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var checkedOn))
            throw file.Part("checked_on").Wrong("must be a date such as 2026-01-31");
        var source = file.Part("source");
        var (title, url) = (source.Text("title"), source.TextOrNull("url"));
        source.NothingElse();
        var groups = file.List("accepts").Select(Group).ToList();
        foreach (var item in taxonomy.ItemsOf(code))
            if (groups.Count(g => g.ItemCodes.Contains(item.Code)) != 1)
                throw file.Part("accepts").Wrong($"item '{item.Code}' must stand in exactly one group");
        var rule = new Rule(code, category.MajorCode, new Said(category.Ko, file.Text("name_en")), file.Text("version"), checkedOn, title, url,
            Summary(), Said.Read(file.Part("place")), groups, Notes("background"), Steps(groups), Refusals(code), Notes("cautions"),
            Notes("mistakes"), Notes("safety"), Notes("local_variation"), [.. file.List("contacts").Select(Contact)], Captions());
        file.NothingElse();
        if (!rule.Steps.Any(s => s.IsPlace)) throw file.Part("steps").Wrong("one step must say where it goes ('place: true')");
        return rule;
    }

    private void Same(string key, string expected)
    {
        if (file.Text(key) != expected) throw file.Part(key).Wrong($"must be '{expected}', as in the taxonomy");
    }

    private Said Summary()
    {
        var summary = new Said(file.Text("summary_ko"), file.Text("summary_en"));
        return summary.Ko.Length <= 60 ? summary : throw file.Part("summary_ko").Wrong($"has {summary.Ko.Length} characters, at most 60");
    }

    private IReadOnlyList<string> Captions()
    {
        foreach (var caption in file.List("captions"))
            if (caption.Scalar().Length > 12) throw caption.Wrong($"caption '{caption.Scalar()}' has more than 12 characters");
        return file.Texts("captions");
    }

    private AcceptedGroup Group(Entry at)
    {
        var group = new AcceptedGroup(new Said(at.Text("group_ko"), at.Text("group_en")), ItemCodes(at, "item_codes"));
        at.NothingElse();
        return group;
    }

    private List<RuleStep> Steps(List<AcceptedGroup> groups)
    {
        var steps = StepList(file, "steps", null);
        foreach (var at in file.List("by_group"))
        {
            var name = at.Text("group_ko");
            if (groups.All(g => g.Name.Ko != name)) throw at.Wrong($"'{name}' is no group under accepts");
            steps.AddRange(StepList(at, "steps", name));
            at.NothingElse();
        }
        return steps;
    }

    private List<RuleStep> StepList(Entry owner, string key, string? group)
    {
        var steps = new List<RuleStep>();
        foreach (var at in owner.List(key))
        {
            if (at.Number("order") != steps.Count + 1) throw at.Wrong($"order must be {steps.Count + 1}: steps stand in their order");
            steps.Add(new RuleStep($"{group ?? "steps"}/{at.Number("order")}", group, new Said(at.Text("ko"), at.Text("en")),
                ScopeOf(at, "applies_to", "except", "only_with", "not_with"), TagCodes(at, "satisfies_tags"), TagCodes(at, "done_when"),
                at.Flag("place"), at.Flag("added")));
            at.NothingElse();
        }
        return steps.Count > 0 ? steps : throw owner.Wrong($"'{key}' must not be empty");
    }

    private IReadOnlyList<Refusal> Refusals(string code) => [.. file.List("not_accepted").Select((at, n) =>
    {
        var refusal = new Refusal($"not_accepted/{n + 1}", new Said(at.Text("what_ko"), at.Text("what_en")), at.TextOrNull("item_code"),
            at.Text("go_to"), Pair(at, "condition"), Pair(at, "step"), ScopeOf(at, "only_items", "unless_items", "tags", "unless_tags"),
            at.Flag("added"));
        at.NothingElse();
        if (refusal.GoTo == code || refusal.GoTo == Taxonomy.Unclassified || taxonomy.FindMiddle(refusal.GoTo) is null)
            throw at.Wrong($"go_to '{refusal.GoTo}' is no other category");
        if (refusal.ItemCode is { } item && taxonomy.FindItem(item)?.MiddleCode != refusal.GoTo)
            throw at.Wrong($"item '{item}' does not belong to '{refusal.GoTo}'");
        foreach (var tag in refusal.Scope.WithTags)
            if (tags.Find(tag)!.Kind != "R") throw at.Wrong($"tag '{tag}' is not of class R and may not re-route");
        return refusal;
    })];

    private IReadOnlyList<Note> Notes(string key) => [.. file.List(key).Select(at =>
    {
        var note = new Note(new Said(at.Text("ko"), at.Text("en")), ScopeOf(at, "items", "except", "only_with", "not_with"), at.Flag("added"));
        at.NothingElse();
        return note;
    })];

    private static Contact Contact(Entry at)
    {
        var contact = new Contact(new Said(at.Text("name_ko"), at.Text("name_en")), at.TextOrNull("phone"), at.TextOrNull("url"));
        at.NothingElse();
        return contact;
    }

    private static Said? Pair(Entry at, string key) =>
        at.TextOrNull(key + "_ko") is { } ko ? new Said(ko, at.Text(key + "_en")) : null;

    private Scope ScopeOf(Entry at, string items, string exceptItems, string with, string without) =>
        new(ItemCodes(at, items), ItemCodes(at, exceptItems), TagCodes(at, with), TagCodes(at, without));

    private IReadOnlyList<string> ItemCodes(Entry at, string key)
    {
        foreach (var code in at.List(key))
            if (taxonomy.FindItem(code.Scalar()) is null) throw code.Wrong($"unknown item '{code.Scalar()}'");
        return at.Texts(key);
    }

    private IReadOnlyList<string> TagCodes(Entry at, string key)
    {
        foreach (var code in at.List(key))
            if (tags.Find(code.Scalar()) is null) throw code.Wrong($"unknown tag '{code.Scalar()}'");
        return at.Texts(key);
    }
}
