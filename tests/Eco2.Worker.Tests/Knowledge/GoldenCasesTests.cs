using Eco2.Contracts.Scan;
using Eco2.Worker.Knowledge;
using Xunit;

namespace Eco2.Worker.Tests.Knowledge;

/// <summary>The golden cases of the domain document, as far as they are decided here: class, final place, what the steps mention and
/// what the reward will hang on. Whether a picture or a day was rewarded before is the character service's to know.</summary>
public sealed class GoldenCasesTests
{
    public static TheoryData<int, string, string, string, string, string> Cases => new()
    {
        // number, seen, final place, tags, steps must mention (; all of, / any of), reward
        { 1, "clear_pet.water", "clear_pet", "contents_empty,label_removed,cap_closed", "", "eligible" },
        { 2, "clear_pet.drink", "clear_pet", "contents_partial,label_on", "비워;라벨;헹;찌그러;뚜껑을 닫", "INSUFFICIENT" },
        { 3, "plastics.colored_pet", "plastics", "contents_empty,label_removed", "투명 페트병과 섞지", "eligible" },
        { 4, "paper.corrugated", "paper", "foreign_matter,needs_unfold", "테이프;택배송장은 떼어서 종량제봉투;접어", "INSUFFICIENT" },
        { 5, "paper.corrugated", "paper", "folded", "젖지 않게", "eligible" },
        { 6, "general.thermal_receipt", "general", "mat_paper", "종이가 아니라", "NOT_RECYCLABLE" },
        { 7, "paper_pack.milk", "paper_pack", "contents_empty,folded", "종이와 섞지 말고 따로", "eligible" },
        { 8, "foam.food", "general", "soil_heavy,mat_foam", "씻어;자국이 남으면 종량제봉투", "NOT_RECYCLABLE" },
        { 9, "metal.butane", "metal", "gas_left", "야외;노즐;불이 없는", "INSUFFICIENT" },
        { 10, "glass.soju", "noncombustible", "glass_broken", "감싸;특수규격마대", "NOT_RECYCLABLE" },
        { 11, "glass.soju", "glass", "contents_empty", "보증금;환급", "eligible" },
        { 12, "battery.li_ion", "battery", "", "전지 수거함;단자에 테이프", "eligible" },
        { 13, "electronics", "electronics", "free_pickup,power_cord", "1599-0903;15990903.or.kr", "eligible" },
        { 14, "general.bone", "general", "", "음식물쓰레기가 아니에요", "NOT_RECYCLABLE" },
        { 15, "lighting.fl_tube", "noncombustible", "lamp_broken", "신문지;테이프", "NOT_RECYCLABLE" },
        { 16, "hazardous.medicine", "hazardous", "", "약국;보건소;하수구에 붓지", "NOT_RECYCLABLE" },
        { 17, "glass.clear", "glass", "multiple_items", "", "MULTIPLE_ITEMS" },
        { 18, "unclassified", "unclassified", "unclassified", "", "UNCLASSIFIED" },
        { 19, "clear_pet.water", "clear_pet", "contents_empty,label_removed,cap_closed", "", "eligible" },
        { 20, "clear_pet.water", "clear_pet", "contents_empty,label_removed,cap_closed", "", "eligible" },
        { 21, "general.pillow_s", "general", "", "크기가 기준", "NOT_RECYCLABLE" },
        { 211, "bulky.pillow_l", "bulky", "", "크기가 기준", "NOT_RECYCLABLE" },
        { 22, "plastics.tube", "plastics", "unwashable", "비우기만 하면", "eligible" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_golden_case_ends_where_it_should(int number, string seen, string final, string tags, string mentions, string reward)
    {
        var vision = Known.Seen(seen, tags.Split(',', StringSplitOptions.RemoveEmptyEntries));
        var plan = Known.Plan(vision);
        var steps = string.Join('\n', plan.Steps.Select(s => s.Text.Ko));

        Assert.Equal(final, plan.Final.Code);
        foreach (var all in mentions.Split(';', StringSplitOptions.RemoveEmptyEntries)) Assert.Contains(all, steps, StringComparison.Ordinal);
        Assert.Equal(reward, Reward(vision, plan));
        if (number is 1 or 19 or 20) Assert.All(plan.Steps.Where(s => !s.IsPlace), s => Assert.True(s.Done, s.Text.Ko));
    }

    [Fact]
    public void Bottle_can_and_box_together_get_a_line_per_object()
    {
        var raw = new RawSight("recyclable", "glass", "glass.clear", null, 0.9, []);
        var others = new[] { new RawSight(null, "metal", "metal.al_can", null, 0.8, []), new RawSight(null, "paper", "paper.corrugated", null, 0.8, []) };
        var vision = Sight.Settle(Known.Base, raw, others, multiple: true, Known.Model).Vision;
        var answer = Known.Compose(vision);

        Assert.True(vision.Multiple);
        Assert.Contains(vision.Primary.Tags, t => t.Code == "multiple_items");
        Assert.Equal("함께 보이는 알루미늄캔은 금속류로, 골판지류는 종이로 배출해 주세요.", answer.OthersNote);
    }

    [Fact]
    public void A_power_bank_warns_of_fire_first()
    {
        var answer = Known.Compose(Known.Seen("battery.li_ion"));

        Assert.Contains("불이 날 위험", answer.Safety[0], StringComparison.Ordinal);
        Assert.StartsWith(answer.Safety[0], answer.UserAnswer, StringComparison.Ordinal);
    }

    [Fact]
    public void A_power_bank_need_not_lose_its_battery_first()
    {
        Assert.False(Known.Plan(Known.Seen("battery.li_ion", "battery_inside")).HasBlocking);
        Assert.True(Known.Plan(Known.Seen("electronics.fan", "battery_inside")).HasBlocking);
    }

    [Fact]
    public void A_receipt_is_named_with_both_places()
    {
        var answer = Known.Compose(Known.Seen("general.thermal_receipt", "mat_paper"));

        Assert.Equal("paper", answer.ReroutedFrom?.Code);
        Assert.Equal("general", answer.FinalPlace?.Code);
        Assert.Contains("종이처럼 보여도 일반종량제폐기물로", answer.UserAnswer, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cat_is_asked_for_another_picture()
    {
        var answer = Known.Compose(Known.Seen("unclassified", "unclassified"));

        Assert.Null(answer.FinalPlace);
        Assert.Null(answer.Rule);
        Assert.Empty(answer.Steps);
        Assert.Contains("다시 찍", answer.UserAnswer, StringComparison.Ordinal);
    }

    /// <summary>The conditions of the reward that follow from what is decided here, in their order.</summary>
    private static string Reward(VisionResult vision, DisposalPlan plan) =>
        !plan.Classified ? "UNCLASSIFIED"
        : vision.Multiple ? "MULTIPLE_ITEMS"
        : vision.Primary.Confidence < Sight.SureFrom ? "LOW_CONFIDENCE"
        : !Known.Base.Taxonomy.FindMajor(plan.Final.MajorCode)!.Rewardable ? "NOT_RECYCLABLE"
        : !plan.RuleFound ? "NO_RULE"
        : plan.HasBlocking ? "INSUFFICIENT" : "eligible";
}
