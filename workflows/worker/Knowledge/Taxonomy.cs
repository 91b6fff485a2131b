namespace Eco2.Worker.Knowledge;

internal sealed record Major(string Code, string Ko, string En, bool Rewardable, IReadOnlyList<string> Aliases);

/// <summary>A place waste goes to. For every major but the recyclables the middle is the major itself.</summary>
internal sealed record Middle(string Code, string MajorCode, string Ko, string En)
{
    public string In(string language) => language == "en" ? En : Ko;
}

/// <summary>One of the 180 items.</summary>
internal sealed record Item(
    string Code,
    string MiddleCode,
    string MajorCode,
    string Ko,
    string En,
    IReadOnlyList<string> Aliases,
    string? Group,
    string? Note)
{
    /// <summary>The English name is a list of names for the same thing: the first is the one to say.</summary>
    public string ShortEn => En.Split(',', '(')[0].Trim();

    public string In(string language) => language == "en" ? ShortEn : Ko;
}

/// <summary>What kinds of waste there are. Logic uses codes; names are for people.</summary>
internal sealed class Taxonomy
{
    public const string Unclassified = "unclassified";
    public const string Recyclable = "recyclable";

    private readonly Dictionary<string, Major> _majors;
    private readonly Dictionary<string, Middle> _middles;
    private readonly Dictionary<string, Item> _items;
    private readonly Dictionary<string, Middle> _middlesByName = [];
    private readonly Dictionary<string, Major> _majorsByName = [];

    public Taxonomy(string version, IReadOnlyList<Major> majors, IReadOnlyList<Middle> middles, IReadOnlyList<Item> items)
    {
        (Version, Majors, Middles, Items) = (version, majors, middles, items);
        _majors = majors.ToDictionary(m => m.Code);
        _middles = middles.ToDictionary(m => m.Code);
        _items = items.ToDictionary(i => i.Code);
        foreach (var middle in middles) _middlesByName[Korean.Squash(middle.Ko)] = middle;
        foreach (var major in majors)
            foreach (var name in major.Aliases.Prepend(major.Ko)) _majorsByName[Korean.Squash(name)] = major;
    }

    public string Version { get; }

    public IReadOnlyList<Major> Majors { get; }

    /// <summary>The 12 middles of recyclables, then one per other major.</summary>
    public IReadOnlyList<Middle> Middles { get; }

    public IReadOnlyList<Item> Items { get; }

    public Major? FindMajor(string? code) => code is null ? null : _majors.GetValueOrDefault(code);

    public Middle? FindMiddle(string? code) => code is null ? null : _middles.GetValueOrDefault(code);

    public Item? FindItem(string? code) => code is null ? null : _items.GetValueOrDefault(code);

    /// <summary>Reads a code or a Korean name; old spellings of majors are accepted, never produced.</summary>
    public Major? ReadMajor(string? text) =>
        text is null ? null : FindMajor(text) ?? _majorsByName.GetValueOrDefault(Korean.Squash(text));

    /// <summary>Reads a code or a Korean name. The name of a major stands for its middle where there is no middle level.</summary>
    public Middle? ReadMiddle(string? text) => text is null
        ? null
        : FindMiddle(text) ?? _middlesByName.GetValueOrDefault(Korean.Squash(text)) ?? FindMiddle(ReadMajor(text)?.Code);

    public IEnumerable<Item> ItemsOf(string middleCode) => Items.Where(i => i.MiddleCode == middleCode);
}
