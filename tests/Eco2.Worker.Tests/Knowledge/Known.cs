using Eco2.Contracts.Scan;
using Eco2.Worker.Knowledge;

namespace Eco2.Worker.Tests.Knowledge;

/// <summary>The real knowledge, loaded once, and short ways to say what was seen.</summary>
internal static class Known
{
    public static readonly KnowledgeBase Base = KnowledgeBase.Load();

    public static readonly ModelUse Model = new("local", "test", 1);

    public static VisionResult Seen(string middleOrItem, params string[] tags) => Seen(middleOrItem, 0.9, tags);

    public static VisionResult Seen(string middleOrItem, double confidence, params string[] tags)
    {
        var item = Base.Taxonomy.FindItem(middleOrItem);
        var middle = Base.Taxonomy.FindMiddle(item?.MiddleCode ?? middleOrItem)!;
        var first = Sight.Make(Base, middle, item, null, confidence, tags.Select(t => Sight.Tag(Base, t, 0.9)));
        return Sight.Result(Base, first, [], Model);
    }

    public static DisposalPlan Plan(VisionResult vision) => new Disposal(Base).Decide(vision);

    public static Answer Compose(VisionResult vision, string? userInput = null, string language = "ko") =>
        new AnswerComposer(Base).Compose(Plan(vision), vision, userInput, language, Model);
}
