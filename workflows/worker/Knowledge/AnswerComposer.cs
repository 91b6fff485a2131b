using Eco2.Contracts.Scan;

namespace Eco2.Worker.Knowledge;

/// <summary>Words a plan without a model: 이코 speaks, warm and short, and says nothing that the plan does not hold.</summary>
internal sealed class AnswerComposer(KnowledgeBase knowledge)
{
    public const string Schema = "answer/2";

    /// <summary>Bounds of <see cref="Answer.UserAnswer"/>.</summary>
    public const int Shortest = 50, Longest = 900, MostSentences = 3;

    public Answer Compose(DisposalPlan plan, VisionResult vision, string? userInput, string language, ModelUse model)
    {
        var words = new Wording(plan, vision, language, knowledge.Words.Read(userInput).AsksOtherwise);
        return new Answer(
            Schema,
            words.Headline(),
            plan.Classified ? PlaceOf(plan.Final) : null,
            plan.Reroute is { } reroute ? PlaceOf(reroute.From) : null,
            [.. plan.Steps.Select(s => new AnswerStep(s.Order, s.Text.In(language), s.Done, s.Tags))],
            [.. plan.Gaps.Select(g => new Insufficiency(g.Tag, g.Text.In(language), g.Blocking))],
            [.. plan.Cautions.Select(c => c.In(language))],
            [.. plan.Safety.Select(s => s.In(language))],
            words.OthersNote(),
            words.LocalNote(),
            words.UserAnswer(),
            plan.Reference,
            vision.Primary.Confidence,
            model);
    }

    private static Place PlaceOf(Middle middle) => new(middle.Code, middle.Ko);
}
