using Eco2.Contracts.Scan;
using Eco2.Worker.Knowledge;
using Xunit;

namespace Eco2.Worker.Tests.Knowledge;

public sealed class AnswerTests
{
    private static readonly VisionResult Cola = Known.Seen("clear_pet.drink", "contents_partial", "label_on");
    private static readonly string[] Languages = ["ko", "en"];

    [Fact]
    public void A_cola_bottle_with_its_label_on()
    {
        var answer = Known.Compose(Cola);

        Assert.Equal("음료PET병이에요. 조금만 더 챙기면 완벽해요!", answer.Headline);
        Assert.Equal(["contents_partial", "label_on"], answer.Insufficiencies.Where(i => i.Blocking).Select(i => i.Tag));
        Assert.Equal(new RuleReference("clear_pet", "2026.1", "무색페트병"), answer.Rule);
        Assert.Equal("음료PET병은 무색페트병으로 배출해요. 내용물이 조금 남아 있어요. 비우고 라벨을 떼고 헹궈, 찌그러뜨려 뚜껑을 닫고 투명 페트병함에 넣어요.", answer.UserAnswer);
    }

    [Fact]
    public void The_shape_of_earlier_clients_holds_the_same_answer()
    {
        var plan = Known.Plan(Cola);
        var answer = Known.Compose(Cola);
        var old = LegacyShapes.Pipeline(Known.Base, Cola, plan, answer, hasWords: false);

        Assert.Equal("무색페트병", (string?)old["disposal_rules"]!["key"]);
        Assert.Equal("플라스틱류", (string?)old["disposal_rules"]!["배출불가_품목_안내"]!["플라스틱 컵"]);
        Assert.Equal(answer.Steps[1].Text, (string?)old["final_answer"]!["disposal_steps"]!["단계2"]);
        Assert.Equal(answer.Steps.Count, old["final_answer"]!["disposal_steps"]!.AsObject().Count);
        Assert.Equal("음료PET병", (string?)old["classification_result"]!["classification"]!["minor_category"]);
        Assert.Contains("비닐_라벨_부착", old["classification_result"]!["situation_tags"]!.AsArray().Select(t => (string?)t));
    }

    [Fact]
    public void A_model_is_given_the_facts_that_apply_and_not_the_file()
    {
        var facts = RuleFacts.From(Known.Plan(Known.Seen("paper.cup")), "ko")!;

        Assert.Contains(facts.Steps, s => s.Text.Contains("종이컵", StringComparison.Ordinal));
        Assert.DoesNotContain(facts.Steps, s => s.Text.Contains("스프링", StringComparison.Ordinal) || s.Text.Contains("철핀", StringComparison.Ordinal));
        Assert.True(facts.Mistakes.Count <= 3);
        Assert.Empty(facts.Reroutes);
    }

    [Fact]
    public void What_a_model_adds_is_dropped_and_what_code_decided_is_put_back()
    {
        var plan = Known.Plan(Cola);
        var composed = Known.Compose(Cola);
        var written = composed with
        {
            Headline = "과태료 30만원을 낼 수 있어요!",
            FinalPlace = new Place("general", "일반종량제폐기물"),
            Steps =
            [
                new AnswerStep(1, "투명 페트병 수거함에 쏙 넣어 주세요.", true, []),
                new AnswerStep(2, "라벨을 깨끗이 떼어 주세요.", true, []),
                new AnswerStep(3, "남은 내용물을 비우고 물로 헹궈 주세요.", false, []),
                new AnswerStep(4, "전자레인지에 30초 돌려 소독해 주세요.", false, []),
            ],
            Insufficiencies = [new Insufficiency("label_on", "라벨이 아직 남아 있네요!", false), new Insufficiency("soil_oil", "기름이 묻었어요.", true)],
            UserAnswer = "라벨만 떼면 거의 다 됐어요! 남은 음료를 비우고 헹군 다음 라벨을 떼어 투명 페트병 수거함에 넣어 주세요. 안 하면 과태료 30만원이에요. 잘하고 있어요!",
            Model = new ModelUse("openai", "gpt-5.2", 10),
        };

        var (answer, dropped) = new Grounding(Known.Base).Check(written, plan, composed, "ko");

        Assert.Equal(["남은 내용물을 비우고 물로 헹궈 주세요.", "라벨을 깨끗이 떼어 주세요.", "투명 페트병 수거함에 쏙 넣어 주세요."], answer.Steps.Select(s => s.Text));
        Assert.Equal([1, 2, 3], answer.Steps.Select(s => s.Order));
        Assert.False(answer.Steps[1].Done);
        Assert.Equal("clear_pet", answer.FinalPlace?.Code);
        Assert.Equal(composed.Headline, answer.Headline);
        Assert.Equal(["contents_partial", "label_on"], answer.Insufficiencies.Select(i => i.Tag));
        Assert.All(answer.Insufficiencies, i => Assert.True(i.Blocking));
        Assert.Equal("라벨이 아직 남아 있네요!", answer.Insufficiencies[1].Text);
        Assert.DoesNotContain("과태료", answer.UserAnswer, StringComparison.Ordinal);
        Assert.StartsWith("라벨만 떼면", answer.UserAnswer, StringComparison.Ordinal);
        Assert.Equal("openai", answer.Model.Provider);
        Assert.Equal(3, dropped);
    }

    [Theory]
    [InlineData("저는 홍길동이고 은하로 칠십칠에 살아요", "저는 홍길동이고 은하로 칠십칠에 살아요, 라고 하셨네요.", true)]
    [InlineData("write to jane.doe@eco2.example about it", "I will write to Jane.Doe@eco2.example soon.", true)]
    [InlineData("생수병 라벨 떼고 버려요?", "생수병은 라벨을 떼고 버려요.", false)]
    [InlineData("Where does a water bottle go?", "A water bottle goes to clear PET.", false)]
    [InlineData("put it in the clear PET bin, label removed", "Put it in the clear PET bin, label removed.", false)]
    [InlineData(null, "A water bottle goes to clear PET.", false)]
    public void What_quotes_the_sender_is_told_from_what_names_the_same_thing(string? words, string text, bool quotes) =>
        Assert.Equal(quotes, Quotation.IsIn(text, words, "Put it in the clear PET bin, label removed."));

    [Fact]
    public void A_composed_answer_is_grounded_in_its_own_plan()
    {
        var grounding = new Grounding(Known.Base);
        var lost = from item in Known.Base.Taxonomy.Items
                   from language in Languages
                   let vision = Known.Seen(item.Code)
                   let answer = Known.Compose(vision, null, language)
                   let check = grounding.Check(answer, Known.Plan(vision), answer, language)
                   where check.Dropped > 0 || check.Answer.UserAnswer != answer.UserAnswer
                   select $"{item.Code} {language}";

        Assert.Empty(lost);
    }

    [Fact]
    public void Without_a_rule_nothing_is_guessed()
    {
        var bare = Known.Base with { Rules = new RuleBase([.. Known.Base.Rules.All.Where(r => r.Key != "film")]) };
        var vision = Known.Seen("film.bag");
        var plan = new Disposal(bare).Decide(vision);
        var answer = new AnswerComposer(bare).Compose(plan, vision, null, "ko", Known.Model);

        Assert.Equal(PlanKind.NoRule, plan.Kind);
        Assert.False(plan.RuleFound);
        Assert.Null(RuleFacts.From(plan, "ko"));
        Assert.Empty(answer.Steps);
        Assert.Null(answer.Rule);
        Assert.Contains("확인된 배출 규칙이 없", answer.Headline, StringComparison.Ordinal);
        Assert.Contains("주민센터나 구청", answer.UserAnswer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("유리병", "유리병을", "유리병이", "유리병은", "유리병으로", "유리병이에요")]
    [InlineData("종이", "종이를", "종이가", "종이는", "종이로", "종이예요")]
    [InlineData("연필", "연필을", "연필이", "연필은", "연필로", "연필이에요")]
    [InlineData("베개(소형)", "베개(소형)를", "베개(소형)가", "베개(소형)는", "베개(소형)로", "베개(소형)예요")]
    [InlineData("TV", "TV를", "TV가", "TV는", "TV로", "TV예요")]
    public void Particles_follow_the_sound(string word, string o, string s, string t, string d, string i) =>
        Assert.Equal([o, s, t, d, i], [Korean.Object(word), Korean.Subject(word), Korean.Topic(word), Korean.Toward(word), Korean.Is(word)]);
}
