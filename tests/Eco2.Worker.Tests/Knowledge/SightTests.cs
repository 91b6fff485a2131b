using Eco2.Worker.Knowledge;
using Xunit;

namespace Eco2.Worker.Tests.Knowledge;

public sealed class SightTests
{
    [Fact]
    public void Of_tags_that_exclude_each_other_the_surest_stays_and_what_follows_is_added()
    {
        var seen = Settle(new RawSight("재활용폐기물", "무색페트병", "음료PET병", null, 0.93,
            [new("contents_present", 0.4), new("내용물_없음", 0.8), new("비닐_라벨_부착", 0.9), new("label_removed", 0.3), new("반짝임", 0.9)]));

        Assert.Equal(["contents_empty", "label_on", "label_remove_needed"], seen.Vision.Primary.Tags.Select(t => t.Code));
        Assert.Equal("clear_pet.drink", seen.Vision.Primary.ItemCode);
        Assert.Equal(["반짝임"], seen.UnknownTags);
        Assert.Empty(seen.Problems);
    }

    [Theory]
    [InlineData("재활용", "paper", null, "'재활용' is no major category")]
    [InlineData("recyclable", "papers", null, "'papers' is no middle category")]
    [InlineData("recyclable", "paper", "paper.moon", "'paper.moon' is no item")]
    [InlineData("general", "paper", null, "does not belong to major category 'general'")]
    public void A_name_outside_the_taxonomy_is_a_problem_and_never_a_silent_unknown(string major, string middle, string? item, string problem) =>
        Assert.Contains(Settle(new RawSight(major, middle, item, null, 0.9, [])).Problems, p => p.Contains(problem, StringComparison.Ordinal));

    [Theory]
    [InlineData(0.29, "unclassified", true)]
    [InlineData(0.30, "paper", true)]
    [InlineData(0.54, "paper", true)]
    [InlineData(0.55, "paper", false)]
    public void Confidence_decides_between_sure_unsure_and_unclassified(double confidence, string middle, bool unsure)
    {
        var vision = Settle(new RawSight("recyclable", "paper", null, null, confidence, [])).Vision;

        Assert.Equal((middle, unsure), (vision.Primary.MiddleCode, vision.Unsure));
    }

    [Fact]
    public void An_unsure_answer_says_so()
    {
        var answer = Known.Compose(Known.Seen("glass.clear", 0.4));

        Assert.Contains("확실하지", answer.Headline, StringComparison.Ordinal);
        Assert.Contains("다시 찍", answer.UserAnswer, StringComparison.Ordinal);
        Assert.NotEmpty(answer.Steps);
    }

    [Fact]
    public void A_free_label_is_kept_without_an_item()
    {
        var seen = Settle(new RawSight("recyclable", "electronics", null, "전자레인지", 0.9, [])).Vision.Primary;

        Assert.Equal((null, "전자레인지"), (seen.ItemCode, seen.MinorCategory));
        Assert.DoesNotContain(seen.Tags, t => t.Code == "unclassified_minor");
    }

    private static SettledSight Settle(RawSight raw) => Sight.Settle(Known.Base, raw, [], false, Known.Model);
}
