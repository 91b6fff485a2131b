using System.Text.Json.Nodes;
using Eco2.Contracts.Scan;

namespace Eco2.Worker.Knowledge;

/// <summary>The shapes earlier clients read, with their Korean keys, made from today's. The place of the user's own words stays empty (null): whoever answers
/// the user puts them in.</summary>
internal static class LegacyShapes
{
    private const string DefaultQuestion = "이거 어떻게 버려요?";

    public static JsonObject Pipeline(KnowledgeBase knowledge, VisionResult vision, DisposalPlan plan, Answer answer, bool hasWords) => new()
    {
        ["classification_result"] = Classification(vision, hasWords),
        ["disposal_rules"] = plan.Rule is { } rule ? DisposalRules(knowledge, rule) : null,
        ["final_answer"] = FinalAnswer(answer),
    };

    public static JsonObject Classification(VisionResult vision, bool hasWords) => new()
    {
        ["classification"] = new JsonObject
        {
            ["major_category"] = vision.Primary.MajorCategory,
            ["middle_category"] = vision.Primary.MiddleCategory,
            ["minor_category"] = vision.Primary.MinorCategory,
        },
        ["situation_tags"] = Texts(vision.Primary.Tags.Select(t => t.Label)),
        ["meta"] = new JsonObject { ["user_input"] = hasWords ? null : DefaultQuestion },
    };

    public static JsonObject FinalAnswer(Answer answer)
    {
        var steps = new JsonObject();
        foreach (var step in answer.Steps) steps[$"단계{step.Order}"] = step.Text;
        return new JsonObject
        {
            ["disposal_steps"] = steps,
            ["insufficiencies"] = Texts(answer.Insufficiencies.Select(i => i.Text)),
            ["user_answer"] = answer.UserAnswer,
        };
    }

    public static JsonObject DisposalRules(KnowledgeBase knowledge, Rule rule)
    {
        var items = knowledge.Taxonomy.ItemsOf(rule.Key).ToDictionary(i => i.Code);
        var groups = new JsonObject();
        foreach (var group in rule.Accepts) groups[group.Name.Ko] = Texts(group.ItemCodes.Where(items.ContainsKey).Select(c => items[c].Ko));
        var byGroup = new JsonObject();
        foreach (var group in rule.Steps.Where(s => s.Group is not null).GroupBy(s => s.Group!))
            byGroup[group.Key] = Texts(group.Select(s => s.Text.Ko));
        var elsewhere = new JsonObject();
        foreach (var refusal in rule.NotAccepted)
            elsewhere[refusal.What.Ko] = knowledge.Taxonomy.FindMiddle(refusal.GoTo)!.Ko + (refusal.Condition is { } c ? $" ({c.Ko})" : "");
        return new JsonObject
        {
            ["key"] = rule.Name.Ko,
            ["category"] = knowledge.Taxonomy.FindMajor(rule.MajorCode)!.Ko,
            ["이름"] = rule.Name.Ko,
            ["대상_품목"] = Texts(rule.Accepts.Select(g => g.Name.Ko)),
            ["대상_설명"] = Texts(rule.Background.Select(n => n.Text.Ko)),
            ["세부_품목"] = groups,
            ["배출방법_공통"] = Texts(rule.Steps.Where(s => s.Group is null).Select(s => s.Text.Ko)),
            ["배출방법_세부"] = byGroup,
            ["배출불가_품목_안내"] = elsewhere,
            ["아이콘_절차"] = Texts(rule.Captions),
        };
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)JsonValue.Create(t)!)]);
}
