using System.Text.RegularExpressions;
using Eco2.Contracts.Scan;

namespace Eco2.Worker.Knowledge;

/// <summary>An answer with what nothing supports taken out, and how much that was.</summary>
internal sealed record Grounded(Answer Answer, int Dropped);

/// <summary>Holds a model's wording to the plan: it may shorten and combine, not add. What code decided (place, blocking, safety, rule)
/// is put back whatever the model said.</summary>
internal sealed partial class Grounding(KnowledgeBase knowledge)
{
    // A step shares at least this part of its pairs of letters with the step it came from. Shortened and reworded Korean steps
    // keep more than half; sentences about something else share under a fifth.
    private const double Alike = 0.35;

    /// <param name="composed">The answer made of the same plan without a model: what is missing is taken from it.</param>
    /// <param name="words">What the user wrote: no part of the answer quotes it.</param>
    public Grounded Check(Answer written, DisposalPlan plan, Answer composed, string language, string? words = null)
    {
        var source = new ReadText(string.Join('\n', Facts(plan, language)));
        bool Holds(string text) => Supported(new ReadText(text), source) && !Quotation.IsIn(text, words, source.Text);
        var planned = plan.Steps.Select(s => (Step: s, Pairs: Pairs(s.Text.In(language)))).ToList();
        var all = Pairs(string.Join(' ', plan.Steps.Select(s => s.Text.In(language))));
        var dropped = 0;
        var steps = new List<(int At, AnswerStep Step)>();
        foreach (var step in written.Steps)
        {
            var pairs = Pairs(step.Text);
            var best = planned.Select(s => (s.Step, Score: Overlap(pairs, s.Pairs))).MaxBy(m => m.Score);
            if (best.Step is null || Math.Max(best.Score, Overlap(pairs, all)) < Alike || !Holds(step.Text)) dropped++;
            else steps.Add((best.Step.Order, step with { Done = best.Step.Done, Tags = best.Step.Tags }));
        }
        // The order of the rule, and never without the step that says where it goes.
        foreach (var place in plan.Steps.Where(p => p.IsPlace && steps.All(s => s.At != p.Order)))
            steps.Add((place.Order, composed.Steps[place.Order - 1]));
        var ordered = steps.OrderBy(s => s.At).Select((s, n) => s.Step with { Order = n + 1 }).Take(10).ToList();

        var gaps = composed.Insufficiencies.Select(own =>
            written.Insufficiencies.FirstOrDefault(w => w.Tag == own.Tag && Holds(w.Text)) is { } said ? own with { Text = said.Text } : own).ToList();
        dropped += written.Insufficiencies.Count(w => gaps.All(g => g.Tag != w.Tag));

        var sentences = Wording.Sentences(written.UserAnswer);
        var kept = sentences.Where(Holds).Take(AnswerComposer.MostSentences).ToList();
        dropped += sentences.Count - kept.Count;
        var userAnswer = string.Join(' ', kept);
        if (userAnswer.Length is < AnswerComposer.Shortest or > AnswerComposer.Longest) userAnswer = composed.UserAnswer;

        return new Grounded(composed with
        {
            Headline = written.Headline is { Length: > 0 and <= 120 } headline && Holds(headline) ? headline : composed.Headline,
            Steps = plan.Steps.Count == 0 ? [] : ordered,
            Insufficiencies = gaps,
            UserAnswer = userAnswer,
            Model = written.Model,
        }, dropped);
    }

    /// <summary>Whether a sentence claims only numbers, addresses, places and acts that the plan's own texts claim too.</summary>
    private bool Supported(ReadText sentence, ReadText source)
    {
        foreach (var fact in Hard().EnumerateMatches(sentence.Text))
            if (!source.Text.AsSpan().Contains(sentence.Text.AsSpan(fact.Index, fact.Length), StringComparison.OrdinalIgnoreCase)) return false;
        return knowledge.Words.Claims.All(claim => !claim.IsIn(sentence) || claim.IsIn(source));
    }

    /// <summary>Every text a statement may rest on.</summary>
    public static IEnumerable<string> Facts(DisposalPlan plan, string language) =>
        plan.Steps.Select(s => s.Text).Concat(plan.Gaps.Select(g => g.Text)).Concat(plan.Cautions).Concat(plan.Safety)
            .Concat(plan.Mistakes).Concat(plan.LocalNotes).Concat(plan.Rule is null ? [] : [plan.Rule.Summary, plan.Rule.Place])
            .Select(s => s.In(language))
            .Concat(plan.Contacts.SelectMany(c => new[] { c.Name.In(language), c.Phone, c.Url }.OfType<string>()))
            .Concat([plan.Name(language), plan.Final.In(language), plan.Seen.In(language), plan.Reroute?.From.In(language) ?? ""])
            .Concat(plan.Others.SelectMany(o => new[] { o.In(language), o.Final.In(language) }));

    private static double Overlap(HashSet<int> mine, HashSet<int> source) => mine.Count == 0 ? 0 : (double)mine.Count(source.Contains) / mine.Count;

    /// <summary>Two letters that stand side by side, as one number.</summary>
    private static HashSet<int> Pairs(string text)
    {
        var squashed = Korean.Squash(text);
        return [.. Enumerable.Range(0, Math.Max(0, squashed.Length - 1)).Select(i => (squashed[i] << 16) | squashed[i + 1])];
    }

    /// <summary>Numbers, telephone numbers and addresses: never to be made up.</summary>
    [GeneratedRegex(@"https?://[^\s)]+|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|\d[\d,.-]*\d|\d", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Hard();
}
