using System.Text.Json;
using Eco2.Contracts.Character;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.Workflows.Scan;
using Xunit;

namespace Eco2.Workflows.Tests;

public sealed class ScanWorkflowTests
{
    private static readonly JsonSerializerOptions Readable = new(ScriptedContext.Json) { WriteIndented = true };

    private static readonly DateTime StartedAt = new(2026, 3, 1, 2, 3, 5, DateTimeKind.Utc);

    private static readonly ScanRequested Request = new(
        Guid.Parse("0198c0de-0000-7000-8000-000000000001"),
        Guid.Parse("0198c0de-0000-7000-8000-000000000002"),
        "scan/0198c0de-0000-7000-8000-000000000002/0198c0de-0000-7000-8000-000000000003",
        "ab12",
        "/api/v1/images/scan/0198c0de-0000-7000-8000-000000000002/0198c0de-0000-7000-8000-000000000003",
        "생수병",
        "local",
        "ko",
        new DateTimeOffset(2026, 3, 1, 2, 3, 4, TimeSpan.Zero));

    private static readonly ModelUse Local = new("local", "test", 12);

    private static readonly VisionResult Vision = new(
        "vision/2",
        "2026.1",
        new SeenItem("recyclable", "clear_pet", "clear_pet.water", "재활용폐기물", "무색페트병", "먹는샘물PET병", 0.92, [new SeenTag("label_on", "비닐_라벨_부착", 0.9)]),
        [],
        false,
        false,
        Local);

    private static readonly RuleReference Rule = new("clear_pet", "2026.1", "무색페트병");

    private static readonly Answer Answer = new(
        "answer/2",
        "라벨을 떼 주세요.",
        new Place("clear_pet", "무색페트병"),
        null,
        [new AnswerStep(1, "라벨을 떼어 내요.", false, ["label_on"])],
        [new Insufficiency("label_on", "라벨이 붙어 있어요.", true)],
        [],
        [],
        null,
        null,
        "라벨을 떼고 무색페트병 수거함에 넣어 주세요.",
        Rule,
        0.92,
        Local);

    private static readonly JobError Blind = new("VISION_INVALID_OUTPUT", "다시 시도해 주세요.", "vision", true);

    private static readonly Reward Insufficient = new("not_eligible", "INSUFFICIENT", null, null);

    private static readonly Reward Pending = new("pending", null, null, null);

    [Fact]
    public async Task A_scan_is_three_steps()
    {
        var (outcome, steps) = await RunAsync(Well);

        Assert.Equal(new ScanOutcome("succeeded"), outcome);
        Assert.Equal(["SeePhoto", "WriteAnswer", "GiveReward"], steps.Select(s => s.Activity));
    }

    [Fact]
    public async Task What_vision_refuses_fails_the_job_with_its_reason()
    {
        var (outcome, steps) = await RunAsync((name, input) => name == "SeePhoto" ? (new Seen(null, Blind, 5, []), null) : Well(name, input));

        Assert.Equal(new ScanOutcome("failed", "VISION_INVALID_OUTPUT"), outcome);
        Assert.Equal(["SeePhoto", "FailScan"], steps.Select(s => s.Activity));
        Assert.Equal($"{Request.JobId}/vision/started", steps[^1].Input.GetProperty("after").GetString());
    }

    [Theory]
    [InlineData("SeePhoto", "VISION_FAILED", "vision")]
    [InlineData("GiveReward", "INTERNAL", "reward")]
    [InlineData("WriteAnswer", "ANSWER_FAILED", "answer")]
    public async Task A_step_that_breaks_for_good_fails_the_job_and_names_the_stage(string activity, string code, string stage)
    {
        var (outcome, steps) = await RunAsync((name, input) => name == activity ? (null, "broken pipe") : Well(name, input));

        Assert.Equal(new ScanOutcome("failed", code), outcome);
        var error = steps[^1].Input.GetProperty("error");
        Assert.Equal(stage, error.GetProperty("stage").GetString());
        Assert.True(error.GetProperty("retryable").GetBoolean());
        Assert.DoesNotContain("broken pipe", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pending_reward_is_settled_afterwards_and_never_takes_the_answer_away()
    {
        var (settled, steps) = await RunAsync((name, input) => name == "GiveReward" ? (new Rewarded(Pending), null) : Well(name, input));
        var (unsettled, _) = await RunAsync((name, input) => name switch
        {
            "GiveReward" => (new Rewarded(Pending), null),
            "SettleReward" => (null, "character is away"),
            _ => Well(name, input),
        });

        Assert.Equal("SettleReward", steps[^1].Activity);
        Assert.Equal(new ScanOutcome("succeeded"), settled);
        Assert.Equal(new ScanOutcome("succeeded"), unsettled);
    }

    [Fact]
    public async Task The_time_a_job_may_take_counts_from_its_first_step()
    {
        var (_, steps) = await RunAsync(Well);

        var run = steps[0].Input.GetProperty("run");
        Assert.Equal(StartedAt, run.GetProperty("startedAt").GetDateTimeOffset().UtcDateTime);
        Assert.Equal(StartedAt.AddSeconds(180), run.GetProperty("deadline").GetDateTimeOffset().UtcDateTime);
    }

    /// <summary>Instances that were started by an older release go on in this one: it must take the same steps.</summary>
    [Theory]
    [InlineData("scan-done.json")]
    [InlineData("scan-blind.json")]
    [InlineData("scan-reward-late.json")]
    public async Task Todays_code_takes_the_steps_of_a_saved_history(string file)
    {
        var history = Read(file);

        var context = new ScriptedContext(history.StartedAt, (_, _) => throw new InvalidOperationException(), history);
        var outcome = await new ScanWorkflow().RunAsync(context, history.Input.Deserialize<ScanRequested>(ScriptedContext.Json)!);

        Assert.Equal(history.Steps.Count, context.Steps.Count);
        Assert.Equal(history.Outcome.Deserialize<ScanOutcome>(ScriptedContext.Json), outcome);
    }

    [Fact]
    public async Task A_history_that_went_otherwise_is_noticed()
    {
        var history = Read("scan-done.json");
        var other = history with { Steps = [history.Steps[1], history.Steps[0], history.Steps[2]] };

        var context = new ScriptedContext(other.StartedAt, (_, _) => throw new InvalidOperationException(), other);
        var replay = () => new ScanWorkflow().RunAsync(context, other.Input.Deserialize<ScanRequested>(ScriptedContext.Json)!);

        await Assert.ThrowsAsync<InvalidOperationException>(replay);
    }

    /// <summary>Each release saves its histories: delete a file and run this to write it anew.</summary>
    [Fact]
    public async Task Every_history_is_saved()
    {
        await SaveAsync("scan-done.json", Well);
        await SaveAsync("scan-blind.json", (name, input) => name == "SeePhoto" ? (new Seen(null, Blind, 5, []), null) : Well(name, input));
        await SaveAsync("scan-reward-late.json", (name, input) => name == "GiveReward" ? (new Rewarded(Pending), null) : Well(name, input));
    }

    private static (object?, string?) Well(string name, object? input) => name switch
    {
        "SeePhoto" => (new Seen(Vision, null, 45, []), null),
        "WriteAnswer" => (new Answered(new Ruled(Rule, new Place("clear_pet", "무색페트병"), "recyclable", false, ["label_on"], 1, []), Answer, null, 2, []), null),
        "GiveReward" or "SettleReward" => (new Rewarded(Insufficient), null),
        "FailScan" => (new ScanOutcome("failed", ((FailScan)input!).Error.Code), null),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    private static async Task<(ScanOutcome Outcome, IReadOnlyList<Step> Steps)> RunAsync(Func<string, object?, (object?, string?)> answer)
    {
        var context = new ScriptedContext(StartedAt, answer);
        return (await new ScanWorkflow().RunAsync(context, Request), context.Steps);
    }

    private static History Read(string file) => JsonSerializer.Deserialize<History>(File.ReadAllText(PathOf(file)), ScriptedContext.Json)!;

    private static async Task SaveAsync(string file, Func<string, object?, (object?, string?)> answer)
    {
        if (File.Exists(PathOf(file)))
        {
            return;
        }

        var (outcome, steps) = await RunAsync(answer);
        var history = new History(
            nameof(ScanWorkflow),
            StartedAt,
            JsonSerializer.SerializeToElement(Request, ScriptedContext.Json),
            steps,
            JsonSerializer.SerializeToElement(outcome, ScriptedContext.Json));
        await File.WriteAllTextAsync(PathOf(file), JsonSerializer.Serialize(history, Readable) + "\n");
    }

    private static string PathOf(string file, [System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "Histories", file);
}
