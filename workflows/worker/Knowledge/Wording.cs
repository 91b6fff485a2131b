using Eco2.Contracts.Scan;

namespace Eco2.Worker.Knowledge;

/// <summary>The sentences of one composed answer.</summary>
internal sealed class Wording(DisposalPlan plan, VisionResult vision, string language, bool offTopic)
{
    private readonly bool _en = language == "en";
    private readonly bool _unsure = vision.Unsure || vision.Primary.Confidence < Sight.SureFrom;

    private string Name => plan.Name(language);

    private string Final => plan.Final.In(language);

    public string Headline()
    {
        if (plan.Kind == PlanKind.Unclassified) return Say("무엇인지 아직 잘 모르겠어요.", "I can't tell what this is yet.");
        if (plan.Kind == PlanKind.NoRule)
            return Say($"{Korean.Topic(Name)} 아직 확인된 배출 규칙이 없어요.", $"{Capital(Name)}: there is no confirmed rule for it yet.");
        var start = plan.Reroute is { } reroute ? Redirected(reroute)
            : _unsure ? Say($"{Name}인 것 같아요.", $"This might be: {Name}.")
            : Say($"{Korean.Is(Name)}.", $"{Capital(Name)}.");
        return $"{start} {Cheer()}";
    }

    public string UserAnswer()
    {
        if (plan.Kind == PlanKind.Unclassified) return Fit([OffTopic(), .. Unclassified()]);
        if (plan.Kind == PlanKind.NoRule) return Fit([OffTopic(), .. NoRule()]);
        var summary = plan.Rule!.Summary.In(language);
        var gaps = plan.Gaps.Where(g => g.Blocking).Concat(plan.Gaps.Where(g => !g.Blocking)).Select(g => g.Text.In(language)).ToList();
        var sentences = new List<string>();
        // Of a warning in two sentences the second says what to do.
        sentences.AddRange(plan.Safety.Take(1).Select(s => Sentences(s.In(language))[^1]));
        sentences.AddRange(OffTopic() is { Length: > 0 } back ? [back] : []);
        sentences.Add(plan.Reroute is { } reroute ? Redirected(reroute)
            : _unsure ? Say($"사진만으로는 확실하지 않지만 {Name}인 것 같아요.", $"I am not sure from the picture, but it might be: {Name}.")
            : plan.Item is null && plan.FreeLabel is null ? Say($"사진을 보니 {Korean.Toward(Final)} 배출하면 돼요.", $"From the picture, it goes with {Final}.")
            : Say($"{Korean.Topic(Name)} {Korean.Toward(Final)} 배출해요.", $"{Capital(Name)}: put out with {Final}."));
        if (_unsure) sentences.Add(Say("밝은 곳에서 가까이 다시 찍거나 무엇인지 글로 알려 주면 더 정확히 도와드릴게요.", "A brighter, closer picture or its name in words would help me answer better."));
        else if (gaps.Count > 0) sentences.AddRange(Sentences(gaps[0]).Take(1));
        // Why it goes elsewhere says more than the general way there.
        sentences.Add(plan.Reroute is not null && plan.Steps[0].Tags.Count > 0 ? plan.Steps[0].Text.In(language) : summary);
        sentences.Add(gaps.Count > 0 ? Say("그것만 챙기면 완벽해요!", "Do that and it is perfect!") : Say("꼼꼼히 챙겨 줘서 고마워요!", "Thank you for taking care!"));
        return Fit(sentences);
    }

    public string? OthersNote()
    {
        if (plan.Others.Count > 0)
        {
            var list = plan.Others.Select(o => Say($"{Korean.Topic(o.In("ko"))} {Korean.Toward(o.Final.Ko)}", $"{o.In("en")} with {o.Final.En}"));
            return Say($"함께 보이는 {string.Join(", ", list)} 배출해 주세요.", $"Also in the picture: {string.Join(", ", list)}.");
        }
        return vision.Multiple
            ? Say("여러 가지가 함께 보여요. 하나씩 나눠서 찍으면 각각 알려 드릴게요.", "I see several things. Photograph them one by one and I will tell you about each.")
            : null;
    }

    public string? LocalNote()
    {
        var notes = plan.LocalNotes.Take(2).Select(n => n.In(language)).ToList();
        if (plan.HasUnconfirmed)
            notes.Add(Say("일부 안내는 지역마다 다를 수 있어요. 주민센터에 확인해 주세요.", "Some of this may differ by area. Please check with your community office."));
        return notes.Count > 0 ? string.Join(" ", notes) : null;
    }

    /// <summary>Sentences end with . ! or ? before a space or the end: 15990903.or.kr is one word.</summary>
    public static IReadOnlyList<string> Sentences(string text)
    {
        var sentences = new List<string>();
        var from = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('.' or '!' or '?') || (i + 1 < text.Length && !char.IsWhiteSpace(text[i + 1]))) continue;
            sentences.Add(text[from..(i + 1)].Trim());
            from = i + 1;
        }
        if (text[from..].Trim() is { Length: > 0 } rest) sentences.Add(rest);
        return sentences;
    }

    private string Redirected(Reroute r) => r.From.Code == r.To.Code
        ? Say($"{Korean.Topic(Name)} {Korean.Toward(Final)} 배출해요.", $"{Capital(Name)}: put out with {Final}.")
        : Say($"{Korean.Topic(Name)} {r.From.Ko}처럼 보여도 {Korean.Toward(r.To.Ko)} 배출해야 해요.",
            $"{Capital(Name)}: not with {r.From.En}, but with {r.To.En}.");

    private string Cheer()
    {
        if (_unsure) return Say("확실하지 않으니 한 번 더 확인해 주세요.", "I am not sure, so please check once more.");
        var blocking = plan.Gaps.Count(g => g.Blocking);
        if (blocking == 1) return Say("하나만 더 하면 완벽해요!", "One more thing and it is perfect!");
        if (blocking > 1) return Say("조금만 더 챙기면 완벽해요!", "A little more care and it is perfect!");
        var preparing = plan.Steps.Where(s => !s.IsPlace).ToList();
        return preparing.Count > 0 && preparing.All(s => s.Done)
            ? Say("준비가 다 됐어요!", "Everything is ready!")
            : Say("이렇게 버리면 돼요!", "Here is how!");
    }

    private IEnumerable<string> Unclassified() =>
    [
        Say("사진만으로는 무엇인지 알기 어려웠어요.", "I could not tell from the picture what this is."),
        Say("밝은 곳에서 하나만 가까이 다시 찍거나, 무엇인지 글로 알려 주세요.", "Please take another picture of just one thing, close and in good light, or tell me in words what it is."),
        Say("그러면 버리는 방법을 바로 알려 드릴게요!", "Then I will tell you right away!"),
    ];

    private IEnumerable<string> NoRule() =>
    [
        Say($"{Korean.Topic(Name)} 아직 확인된 배출 규칙이 없어서 추측으로 말씀드리지 않을게요.", $"There is no confirmed rule for {Name} yet, and I would rather not guess."),
        Say("사는 곳의 주민센터나 구청에 물어봐 주세요.", "Please ask your community office or municipality how to put it out."),
        Say("확인하고 버리는 마음이 멋져요!", "It is great that you check first!"),
    ];

    private string OffTopic() => offTopic
        ? Say("그 이야기는 제가 잘 모르지만, 분리배출이라면 자신 있어요!", "I don't know much about that, but I am good at sorting waste!")
        : "";

    private static string Fit(IEnumerable<string> sentences)
    {
        var kept = sentences.Where(s => s.Length > 0).Distinct().SelectMany(Sentences).Take(AnswerComposer.MostSentences).ToList();
        var text = string.Join(" ", kept);
        return text.Length <= AnswerComposer.Longest ? text : text[..(AnswerComposer.Longest - 1)] + "…";
    }

    private static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];

    private string Say(string ko, string en) => _en ? en : ko;
}
