using System.Text.Json;
using System.Text.Json.Nodes;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Eco2.Worker.Knowledge;
using Eco2.Worker.Models;
using Microsoft.Extensions.AI;

namespace Eco2.Worker.Scan;

/// <summary>Lets a provider's model word the plan, and holds the words to the plan.</summary>
internal sealed partial class AnswerByModel(Grounding grounding, WireJson json, TimeProvider clock, ILogger<AnswerByModel> logger)
{
    private const int MostSteps = 10;

    private readonly string system = Prompt.Read("answer");
    private readonly string repair = Prompt.Read("repair");

    private sealed record Facts(string Thing, RuleFacts Rule, string? PersonsWords);

    private sealed record Written(string Headline, IReadOnlyList<WrittenStep> Steps, IReadOnlyList<WrittenGap> Insufficiencies, string UserAnswer);

    private sealed record WrittenStep(string Text, string Source);

    private sealed record WrittenGap(string Tag, string Text);

    /// <exception cref="ModelException">The provider gives no answer.</exception>
    internal async Task<(Answer? Answer, JobError? Error)> WriteAsync(
        ModelChoice choice,
        ScanRequested scan,
        string? words,
        DisposalPlan plan,
        Answer composed,
        CancellationToken ct)
    {
        var facts = new Facts(plan.Name(scan.Language), RuleFacts.From(plan, scan.Language)!, words);
        ChatMessage[] messages =
        [
            new(ChatRole.System, system.Fill("language", scan.Language == "en" ? "English" : "Korean")),
            new(ChatRole.User, JsonSerializer.Serialize(facts, json.Options)),
        ];
        var answer = await StructuredChat.AskAsync<Written>(choice, messages, JsonShape.Format("answer", Schema(plan)), repair, written => Check(written, plan), clock, ct);
        if (answer.Value is not { } written)
        {
            InvalidOutput(logger, scan.JobId, choice.Provider, answer.Problems.Count);
            return (null, ScanErrors.AnswerInvalidOutput(scan.Language));
        }

        var grounded = grounding.Check(Draft(written, plan, composed, answer.Use), plan, composed, scan.Language, words);
        if (grounded.Dropped > 0)
        {
            Ungrounded(logger, scan.JobId, choice.Provider, grounded.Dropped);
        }

        return (grounded.Answer, null);
    }

    private static Answer Draft(Written words, DisposalPlan plan, Answer composed, ModelUse use)
    {
        var bySource = plan.Steps.DistinctBy(step => step.Source).ToDictionary(step => step.Source);
        return composed with
        {
            Headline = words.Headline,
            Steps = [.. words.Steps.Select((step, n) => new AnswerStep(n + 1, step.Text, bySource[step.Source].Done, bySource[step.Source].Tags))],
            Insufficiencies = [.. words.Insufficiencies.Select(gap => new Insufficiency(gap.Tag, gap.Text, false))],
            UserAnswer = words.UserAnswer,
            Model = use,
        };
    }

    private static List<string> Check(Written written, DisposalPlan plan)
    {
        var problems = new List<string>();
        var sources = plan.Steps.Select(step => step.Source).ToHashSet();
        var tags = plan.Gaps.Select(gap => gap.Tag).ToHashSet();
        if (written.Steps.Count is < 1 or > MostSteps)
        {
            problems.Add($"steps must be 1 to {MostSteps}, not {written.Steps.Count}");
        }

        problems.AddRange(written.Steps.Where(step => !sources.Contains(step.Source)).Select(step => $"'{step.Source}' is no source"));
        problems.AddRange(written.Insufficiencies.Where(gap => !tags.Contains(gap.Tag)).Select(gap => $"'{gap.Tag}' was not given as insufficient"));
        if (written.Steps.Any(step => string.IsNullOrWhiteSpace(step.Text)) || string.IsNullOrWhiteSpace(written.Headline) || string.IsNullOrWhiteSpace(written.UserAnswer))
        {
            problems.Add("a text is empty");
        }

        return problems;
    }

    private static JsonObject Schema(DisposalPlan plan)
    {
        var tags = plan.Gaps.Select(gap => gap.Tag).ToList();
        var step = JsonShape.Object(("text", JsonShape.Text()), ("source", JsonShape.OneOf(plan.Steps.Select(s => s.Source).Distinct())));
        var gap = JsonShape.Object(("tag", tags.Count == 0 ? JsonShape.Text() : JsonShape.OneOf(tags)), ("text", JsonShape.Text()));
        return JsonShape.Object(
            ("headline", JsonShape.Text()),
            ("steps", JsonShape.List(step)),
            ("insufficiencies", JsonShape.List(gap)),
            ("user_answer", JsonShape.Text()));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scan {JobId}: what {Provider} wrote does not fit the rule, also after repair ({Count} problems)")]
    private static partial void InvalidOutput(ILogger logger, Guid jobId, string provider, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Scan {JobId}: {Count} statements of {Provider} had nothing to rest on and were dropped")]
    private static partial void Ungrounded(ILogger logger, Guid jobId, string provider, int count);
}
