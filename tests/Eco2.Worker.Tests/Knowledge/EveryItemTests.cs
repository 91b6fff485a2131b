using Eco2.Worker.Knowledge;
using Xunit;

namespace Eco2.Worker.Tests.Knowledge;

/// <summary>What holds for each of the 180 items with each of the 79 tags, and for categories without an item.</summary>
public sealed class EveryItemTests
{
    public static TheoryData<string> Places => [.. Known.Base.Taxonomy.Middles.Select(m => m.Code)];

    [Theory]
    [MemberData(nameof(Places))]
    public void Whatever_is_seen_the_answer_is_grounded_and_within_bounds(string middle)
    {
        var objects = Known.Base.Taxonomy.ItemsOf(middle).Select(i => i.Code).Append(middle).ToList();
        foreach (var seen in objects)
            foreach (var tag in Known.Base.Tags.All.Select(t => t.Code).Append(null))
                foreach (var language in new[] { "ko", "en" })
                    Check(seen, tag, language);
    }

    private static void Check(string seen, string? tag, string language)
    {
        var vision = tag is null ? Known.Seen(seen) : Known.Seen(seen, tag);
        var plan = Known.Plan(vision);
        var answer = Known.Compose(vision, null, language);
        var what = $"{seen} {tag} {language}: {answer.UserAnswer}";

        Assert.True(answer.UserAnswer.Length is >= AnswerComposer.Shortest and <= AnswerComposer.Longest, what);
        Assert.True(Wording.Sentences(answer.UserAnswer).Count <= AnswerComposer.MostSentences, what);
        Assert.InRange(answer.Headline.Length, 5, 160);
        Assert.True(answer.Cautions.Count <= 3, what);
        if (!plan.Classified)
        {
            Assert.Empty(answer.Steps);
            return;
        }
        Assert.InRange(answer.Steps.Count, 1, 10);
        Assert.Equal(Enumerable.Range(1, answer.Steps.Count), answer.Steps.Select(s => s.Order));
        Assert.True(plan.Steps.Any(s => s.IsPlace), what);
        foreach (var step in plan.Steps)
        {
            // The cited rule holds the cited step, word for word or, in a guide for several groups, behind "if it is …".
            var (key, id) = (step.Source.Split('#')[0], step.Source.Split('#')[1]);
            var rule = Known.Base.Rules.Find(key)!;
            Assert.True(rule.Steps.Any(s => s.Id == id && step.Text.Ko.EndsWith(s.Text.Ko, StringComparison.Ordinal))
                || rule.NotAccepted.Any(n => n.Id == id), what);
            Assert.True(key == answer.Rule!.Key || key == answer.ReroutedFrom?.Code || id.StartsWith("not_accepted", StringComparison.Ordinal), what);
        }
        Assert.Equal(answer.Insufficiencies.Select(i => i.Tag).Distinct(), answer.Insufficiencies.Select(i => i.Tag));
        if (language == "en") Assert.False(answer.Steps.Any(s => Korean.HasHangul(s.Text)) || Korean.HasHangul(answer.UserAnswer), what);
        var again = Known.Compose(vision, null, language);
        Assert.Equal((answer.Headline, answer.UserAnswer), (again.Headline, again.UserAnswer));
        Assert.Equal(answer.Steps.Select(s => s.Text), again.Steps.Select(s => s.Text));
    }

    [Fact]
    public void A_blocking_tag_always_keeps_back_the_reward_of_a_recyclable()
    {
        var free = from item in Known.Base.Taxonomy.Items
                   where item.MajorCode == Taxonomy.Recyclable
                   from tag in Known.Base.Tags.All
                   where tag.Kind is "B" or "SB" && !tag.NotFor.Contains(item.MiddleCode)
                   let plan = Known.Plan(Known.Seen(item.Code, tag.Code))
                   where plan.Final.MajorCode == Taxonomy.Recyclable && !plan.HasBlocking
                   select $"{item.Code} {tag.Code}";

        Assert.Empty(free);
    }

    [Fact]
    public void Advice_never_blocks()
    {
        var blocked = from item in Known.Base.Taxonomy.Items
                      from tag in Known.Base.Tags.All
                      where tag.Kind is "A" or "I" or "S"
                      where Known.Plan(Known.Seen(item.Code, tag.Code)).HasBlocking
                      select $"{item.Code} {tag.Code}";

        Assert.Empty(blocked);
    }
}
