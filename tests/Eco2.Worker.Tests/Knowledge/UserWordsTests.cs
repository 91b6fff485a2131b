using Eco2.Contracts.Media;
using Eco2.Worker.Knowledge;
using Xunit;

namespace Eco2.Worker.Tests.Knowledge;

public sealed class UserWordsTests
{
    [Theory]
    [InlineData("생수병", "clear_pet.water", "")]
    [InlineData("pizza box", "paper.corrugated", "")]
    [InlineData("피자 박스", "paper.corrugated", "")]
    [InlineData("기름 묻은 피자박스예요", "paper.corrugated", "soil_oil")]
    [InlineData("영수증이에요", "general.thermal_receipt", "")]
    [InlineData("깨진 소주병", "glass.soju", "broken")]
    [InlineData("안 깨진 소주병", "glass.soju", "")]
    [InlineData("라벨 안 뗀 콜라병 어떻게 버려요?", "clear_pet.drink", "label_on")]
    [InlineData("라벨 뗀 생수병이요", "clear_pet.water", "label_removed")]
    [InlineData("우유팩 세척 안 했어요", "paper_pack.milk", "needs_wash")]
    [InlineData("칼 어떻게 버려요?", "general.knife", "")]
    [InlineData("컵", "plastics.cup", "")]
    [InlineData("약", "hazardous.medicine", "")]
    [InlineData("참치캔 뚜껑에 기름 있어요", "metal.steel_can", "soil_oil")]
    [InlineData("김치통", "plastics.food_container", "")]
    [InlineData("컵라면", "foam.food", "")]
    [InlineData("보조배터리 버리는 법", "battery.li_ion", "")]
    [InlineData("How do I throw away a broken light bulb?", "noncombustible.broken_lamp", "broken")]
    [InlineData("Two beer cans, rinsed", "metal.al_can", "contents_empty")]
    [InlineData("CD/DVD", "general.disc", "")]
    [InlineData("치킨뼈", "general.bone", "")]
    [InlineData("베개", "general.pillow_s", "")]
    [InlineData("큰 베개", "bulky.pillow_l", "")]
    [InlineData("치약 다 썼어요", "plastics.tube", "contents_empty")]
    [InlineData("소파 버리는 데 얼마야?", "bulky.furniture", "")]
    public void Words_name_the_item_and_its_situation(string text, string item, string tags)
    {
        var sense = Known.Base.Words.Read(text);

        Assert.Equal(item, sense.Item?.Code);
        Assert.Equal(tags, string.Join(',', sense.Tags));
    }

    [Theory]
    [InlineData("candle", null)]
    [InlineData("책상", "bulky.furniture")]
    [InlineData("노트북", "electronics.computer")]
    public void A_name_inside_another_word_does_not_count(string text, string? item) =>
        Assert.Equal(item, Known.Base.Words.Read(text).Item?.Code);

    [Fact]
    public void Decomposed_hangul_reads_like_composed()
    {
        const string nfd = "\u1109\u1162\u11BC\u1109\u116E\u1107\u1167\u11BC";

        Assert.Equal("생수병", Korean.Compose(nfd));
        Assert.Equal("clear_pet.water", Known.Base.Words.Read(nfd).Item?.Code);
    }

    [Fact]
    public void Every_name_and_alias_of_the_taxonomy_finds_its_item()
    {
        var lost = from item in Known.Base.Taxonomy.Items
                   from name in item.Aliases.Prepend(item.Ko)
                   let sense = Known.Base.Words.Read(name + " 어떻게 버려요?")
                   where sense.Item?.Code != item.Code && name is not ("건전지" or "식품용기")
                   select $"{name}: {item.Code} became {sense.Item?.Code}";

        Assert.Empty(lost);
    }

    [Fact]
    public void Batteries_of_one_name_stay_batteries_without_an_item()
    {
        var seen = Interpret(Photo("trash", 0.4, unsure: true), "건전지").Primary;

        Assert.Equal(("battery", null, "건전지"), (seen.MiddleCode, seen.ItemCode, seen.MinorCategory));
        Assert.True(seen.Confidence >= Sight.SureFrom);
    }

    [Theory]
    [InlineData("plastic", "plastics.food_container")]
    [InlineData("glass", null)]
    public void One_name_for_two_materials_is_decided_by_the_picture_or_asked_back(string label, string? item)
    {
        var vision = Interpret(Photo(label, 0.9), "식품용기");

        Assert.Equal(item, vision.Primary.ItemCode);
        Assert.Equal(item is null, vision.Unsure);
    }

    [Theory]
    [InlineData("cardboard", "paper", "paper.corrugated")]
    [InlineData("paper", "paper", null)]
    [InlineData("glass", "glass", null)]
    [InlineData("metal", "metal", null)]
    [InlineData("plastic", "plastics", null)]
    [InlineData("trash", "general", null)]
    public void A_sure_picture_without_words_says_what_it_knows_and_no_more(string label, string middle, string? item)
    {
        var vision = Interpret(Photo(label, 0.91), null);

        Assert.Equal((middle, item), (vision.Primary.MiddleCode, vision.Primary.ItemCode));
        Assert.Equal(item is null, vision.Primary.Tags.Any(t => t.Code == "unclassified_minor"));
        Assert.False(vision.Unsure);
    }

    [Fact]
    public void An_unsure_picture_without_words_abstains_and_asks()
    {
        var vision = Interpret(Photo("plastic", 0.62, unsure: true), "이거 어떻게 버려요?");
        var answer = Known.Compose(vision, "이거 어떻게 버려요?");

        Assert.True(vision.Unsure);
        Assert.Equal("unclassified", vision.Primary.MiddleCode);
        Assert.Contains("글로 알려 주세요", answer.UserAnswer, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_against_a_sure_picture_are_answered_but_not_rewarded()
    {
        var vision = Interpret(Photo("metal", 0.97), "생수병");

        Assert.Equal("clear_pet.water", vision.Primary.ItemCode);
        Assert.True(vision.Unsure);
        Assert.InRange(vision.Primary.Confidence, Sight.ClassifiedFrom, Sight.SureFrom - 0.01);
    }

    [Fact]
    public void Words_decide_what_the_picture_cannot_know()
    {
        var vision = Interpret(Photo("paper", 0.95), "깨진 형광등");

        Assert.False(vision.Unsure);
        Assert.Equal("noncombustible", Known.Plan(vision).Final.Code);
    }

    [Fact]
    public void A_broken_soju_bottle_in_words_goes_to_the_special_sack()
    {
        var vision = Interpret(Photo("glass", 0.9), "깨진 소주병");

        Assert.Contains(vision.Primary.Tags, t => t.Code == "glass_broken");
        Assert.Equal("noncombustible", Known.Plan(vision).Final.Code);
    }

    [Fact]
    public void Talk_about_something_else_is_led_back_in_one_sentence()
    {
        var answer = Known.Compose(Known.Seen("glass.clear"), "오늘 날씨 좋다");

        Assert.StartsWith("그 이야기는 제가 잘 모르지만", answer.UserAnswer, StringComparison.Ordinal);
        Assert.NotEmpty(answer.Steps);
        Assert.DoesNotContain("그 이야기는", Known.Compose(Known.Seen("glass.clear"), "이거 어디에 버려?").UserAnswer, StringComparison.Ordinal);
    }

    private static PhotoClass Photo(string label, double confidence, bool unsure = false) =>
        new(label, confidence, label == "paper" ? "cardboard" : "paper", (1 - confidence) / 2, unsure, "local-1", 40);

    private static Contracts.Scan.VisionResult Interpret(PhotoClass photo, string? words) => new LocalVision(Known.Base).Interpret(photo, words);
}
