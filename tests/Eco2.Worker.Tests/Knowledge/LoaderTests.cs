using Eco2.Worker.Knowledge;
using Xunit;

namespace Eco2.Worker.Tests.Knowledge;

/// <summary>A file that contradicts itself stops the start, and the message says where.</summary>
public sealed class LoaderTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("eco2-knowledge-").FullName;

    public LoaderTests()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "rules"));
        foreach (var file in Directory.EnumerateFiles(KnowledgeBase.DefaultDirectory, "*.yaml", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(_directory, Path.GetRelativePath(KnowledgeBase.DefaultDirectory, file)));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void There_are_8_majors_12_middles_180_items_79_tags_and_18_rules()
    {
        var taxonomy = Known.Base.Taxonomy;

        Assert.Equal(8, taxonomy.Majors.Count);
        Assert.Equal(12, taxonomy.Middles.Count(m => m.MajorCode == Taxonomy.Recyclable));
        Assert.Equal((83, 97), (taxonomy.Items.Count(i => i.MajorCode == Taxonomy.Recyclable), taxonomy.Items.Count(i => i.MajorCode != Taxonomy.Recyclable)));
        Assert.Equal(79, Known.Base.Tags.All.Count);
        Assert.Equal(18, Known.Base.Rules.All.Count);
    }

    [Theory]
    [InlineData("taxonomy.yaml", "aliases: [\"영수증\"]", "aliases: [\"송장\"]", "'송장' already names general.waybill")]
    [InlineData("taxonomy.yaml", "code: paper.cup", "code: paper.booklet", "code 'paper.booklet' is used twice")]
    [InlineData("taxonomy.yaml", "code: paper.cup", "code: glass.cup", "must begin with 'paper.'")]
    [InlineData("taxonomy.yaml", "recyclable: 83", "recyclable: 84", "there are 83 recyclable items, not 84")]
    [InlineData("taxonomy.yaml", "rewardable: true", "rewardable: yes", "must be true or false")]
    [InlineData("tags.yaml", "count: 79", "count: 78", "there are 79 tags")]
    [InlineData("tags.yaml", "class: SB", "class: BS", "class 'BS' is none of")]
    [InlineData("tags.yaml", "blocks: [clear_pet]", "blocks: [clear_pot]", "'clear_pot' is no category")]
    [InlineData("tags.yaml", "tag: gas_release", "tag: gas_gone", "'gas_gone' is no tag")]
    [InlineData("rules/glass.yaml", "satisfies_tags: [contents_present", "satisfies_tags: [content_present", "unknown tag 'content_present'")]
    [InlineData("rules/glass.yaml", "go_to: noncombustible", "go_to: nowhere", "go_to 'nowhere' is no other category")]
    [InlineData("rules/glass.yaml", "item_code: noncombustible.mirror, go_to: noncombustible", "item_code: noncombustible.mirror, go_to: general", "does not belong to 'general'")]
    [InlineData("rules/glass.yaml", "tags: [glass_broken, broken]", "tags: [label_on]", "may not re-route")]
    [InlineData("rules/glass.yaml", "captions: [비우기", "captions: [비우고 헹구고 말리고 닦기", "more than 12 characters")]
    [InlineData("rules/glass.yaml", "summary_ko: 비우고", "summary_ko: 비우고 또 비우고 또 비우고 또 비우고 또 비우고 또 비우고", "at most 60")]
    [InlineData("rules/glass.yaml", "mistakes:", "misteaks:", "unknown key 'misteaks'")]
    [InlineData("rules/glass.yaml", "glass.odd]", "glass.clear]", "item 'glass.odd' must stand in exactly one group")]
    [InlineData("rules/glass.yaml", "major_code: recyclable", "major_code: general", "must be 'recyclable'")]
    [InlineData("rules/glass.yaml", "order: 2", "order: 4", "order must be 2")]
    [InlineData("rules/glass.yaml", "name_ko: 유리병", "name_ko: \u110B\u1172\u1105\u1175\u1107\u1167\u11BC", "not NFC")]
    [InlineData("rules/glass.yaml", "key: glass", "key: [glass", "glass.yaml:")]
    [InlineData("words.yaml", "is: [paper.newspaper]", "is: [paper.newspapers]", "unknown code 'paper.newspapers'")]
    [InlineData("words.yaml", "say: [newspaper]", "say: [magazine]", "'magazine' already stands at words.yaml:")]
    public void A_contradiction_is_refused_with_file_and_line(string file, string from, string to, string complaint)
    {
        var path = Path.Combine(_directory, file);
        var text = File.ReadAllText(path);
        Assert.Contains(from, text, StringComparison.Ordinal);
        var at = text.IndexOf(from, StringComparison.Ordinal);
        File.WriteAllText(path, text[..at] + to + text[(at + from.Length)..]);

        var refused = Assert.Throws<KnowledgeException>(() => KnowledgeBase.Load(_directory));

        Assert.Contains(complaint, refused.Message, StringComparison.Ordinal);
        Assert.Matches($@"^{Path.GetFileName(file)}:\d+: ", refused.Message);
    }

    [Fact]
    public void A_missing_rule_file_is_refused()
    {
        File.Delete(Path.Combine(_directory, "rules", "film.yaml"));

        Assert.Contains("'film' has no rule file", Assert.Throws<KnowledgeException>(() => KnowledgeBase.Load(_directory)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Old_spellings_of_majors_are_read_and_never_produced()
    {
        var taxonomy = Known.Base.Taxonomy;

        Assert.Equal("general", taxonomy.ReadMajor("일반폐기물")?.Code);
        Assert.Equal("food", taxonomy.ReadMajor("음식물폐기물")?.Code);
        Assert.Equal("hazardous", taxonomy.ReadMajor("유해폐기물")?.Code);
        Assert.Equal("unclassified", taxonomy.ReadMajor("기타")?.Code);
        Assert.DoesNotContain(taxonomy.Majors, m => m.Ko is "일반폐기물" or "기타");
    }
}
