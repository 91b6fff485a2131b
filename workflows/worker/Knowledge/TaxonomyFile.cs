namespace Eco2.Worker.Knowledge;

/// <summary>Reads <c>taxonomy.yaml</c> and refuses what contradicts itself.</summary>
internal static class TaxonomyFile
{
    public static Taxonomy Read(string directory)
    {
        var file = Entry.Open(Path.Combine(directory, "taxonomy.yaml"));
        var majors = new List<Major>();
        var middles = new List<Middle>();
        var items = new List<Item>();
        var codes = new HashSet<string>();
        var ambiguous = file.Texts("ambiguous").Select(Korean.Squash).ToHashSet();
        foreach (var at in file.List("majors"))
        {
            var major = new Major(at.Text("code"), at.Text("ko"), at.Text("en"), at.Flag("rewardable"), at.Texts("aliases"));
            if (!codes.Add(major.Code)) throw at.Wrong($"code '{major.Code}' is used twice");
            majors.Add(major);
            var names = new Dictionary<string, string>();
            foreach (var inner in at.List("middles"))
            {
                var middle = new Middle(inner.Text("code"), major.Code, inner.Text("ko"), inner.Text("en"));
                if (!codes.Add(middle.Code)) throw inner.Wrong($"code '{middle.Code}' is used twice");
                middles.Add(middle);
                ReadItems(inner, middle);
                inner.NothingElse();
            }
            if (major.Code != Taxonomy.Recyclable)
            {
                var middle = new Middle(major.Code, major.Code, major.Ko, major.En);
                middles.Add(middle);
                ReadItems(at, middle);
            }
            at.NothingElse();

            void ReadItems(Entry owner, Middle middle)
            {
                foreach (var line in owner.List("items")) items.Add(ReadItem(line, middle, codes, names, ambiguous));
            }
        }
        CheckCounts(file.Part("counts"), majors, middles, items);
        var version = file.Text("version");
        file.NothingElse();
        return new Taxonomy(version, majors, middles, items);
    }

    private static Item ReadItem(Entry at, Middle middle, HashSet<string> codes, Dictionary<string, string> names, HashSet<string> ambiguous)
    {
        var item = new Item(at.Text("code"), middle.Code, middle.MajorCode, at.Text("ko"), at.Text("en"), at.Texts("aliases"),
            at.TextOrNull("group"), at.TextOrNull("note"));
        at.NothingElse();
        if (!item.Code.StartsWith(middle.Code + ".", StringComparison.Ordinal))
            throw at.Wrong($"the code of an item of '{middle.Code}' must begin with '{middle.Code}.', not '{item.Code}'");
        if (!codes.Add(item.Code)) throw at.Wrong($"code '{item.Code}' is used twice");
        foreach (var name in item.Aliases.Prepend(item.Ko))
        {
            var key = Korean.Squash(name);
            if (names.TryGetValue(key, out var other) && other != item.Code && !ambiguous.Contains(key))
                throw at.Wrong($"'{name}' already names {other}");
            names[key] = item.Code;
        }
        return item;
    }

    private static void CheckCounts(Entry at, List<Major> majors, List<Middle> middles, List<Item> items)
    {
        if (majors.Count != 8) throw at.Wrong($"there must be 8 majors, not {majors.Count}");
        if (majors.All(m => m.Code != Taxonomy.Recyclable) || majors.All(m => m.Code != Taxonomy.Unclassified))
            throw at.Wrong("majors 'recyclable' and 'unclassified' must be there");
        var middlesOf = middles.Count(m => m.MajorCode == Taxonomy.Recyclable);
        if (middlesOf != 12) throw at.Wrong($"recyclables must have 12 middles, not {middlesOf}");
        var recyclable = items.Count(i => i.MajorCode == Taxonomy.Recyclable);
        if (at.Number("recyclable") != recyclable) throw at.Wrong($"there are {recyclable} recyclable items, not {at.Number("recyclable")}");
        if (at.Number("other") != items.Count - recyclable)
            throw at.Wrong($"there are {items.Count - recyclable} other items, not {at.Number("other")}");
        at.NothingElse();
    }
}
