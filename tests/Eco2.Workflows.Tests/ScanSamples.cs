using Eco2.Contracts.Character;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.Workflows.Scan;

namespace Eco2.Workflows.Tests;

/// <summary>A scan, and what its steps answer when all goes well.</summary>
internal static class ScanSamples
{
    internal static readonly DateTime StartedAt = new(2026, 3, 1, 2, 3, 5, DateTimeKind.Utc);

    internal static readonly ScanRequested Request = new(
        Guid.Parse("0198c0de-0000-7000-8000-000000000001"),
        Guid.Parse("0198c0de-0000-7000-8000-000000000002"),
        "scan/0198c0de-0000-7000-8000-000000000002/0198c0de-0000-7000-8000-000000000003",
        "ab12",
        "/api/v1/images/scan/0198c0de-0000-7000-8000-000000000002/0198c0de-0000-7000-8000-000000000003",
        true,
        "local",
        "ko",
        new DateTimeOffset(2026, 3, 1, 2, 3, 4, TimeSpan.Zero));

    internal static readonly ModelUse Local = new("local", "test", 12);

    internal static readonly VisionResult Vision = new(
        "vision/2",
        "2026.1",
        new SeenItem("recyclable", "clear_pet", "clear_pet.water", "재활용폐기물", "무색페트병", "먹는샘물PET병", 0.92, [new SeenTag("label_on", "비닐_라벨_부착", 0.9)]),
        [],
        false,
        false,
        Local);

    internal static readonly RuleReference Rule = new("clear_pet", "2026.1", "무색페트병");

    internal static readonly Answer Answer = new(
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

    internal static readonly JobError Blind = new("VISION_INVALID_OUTPUT", "다시 시도해 주세요.", "vision", true);

    internal static readonly Reward Insufficient = new("not_eligible", "INSUFFICIENT", null, null);

    internal static readonly Reward Pending = new("pending", null, null, null);

    internal static (object?, string?) Well(string name, object? input) => name switch
    {
        "SeePhoto" => (new Seen(Vision, null, 45, []), null),
        "WriteAnswer" => (new Answered(new Ruled(Rule, new Place("clear_pet", "무색페트병"), "recyclable", false, ["label_on"], 1, []), Answer, null, 2, []), null),
        "GiveReward" or "SettleReward" => (new Rewarded(Insufficient), null),
        "FailScan" => (new ScanOutcome("failed", ((FailScan)input!).Error.Code), null),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };
}
