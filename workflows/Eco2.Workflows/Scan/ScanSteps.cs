using Eco2.Contracts.Character;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;

namespace Eco2.Workflows.Scan;

/// <summary>One run of a scan: what was asked, and the clock it runs by.</summary>
/// <param name="Request">As accepted.</param>
/// <param name="StartedAt">When the workflow began, UTC; the time before it was queueing.</param>
/// <param name="Deadline">When the job must have ended, UTC.</param>
public sealed record ScanRun(ScanRequested Request, DateTimeOffset StartedAt, DateTimeOffset Deadline);

/// <summary>What is in the picture?</summary>
public sealed record SeePhoto(ScanRun Run)
{
    public static readonly Activity<SeePhoto, Seen> Activity = new(nameof(SeePhoto));
}

/// <param name="Vision">What was seen; null when <paramref name="Error"/> says why not.</param>
/// <param name="Error">An expected "no" that no retry of ours mends.</param>
/// <param name="Milliseconds">What it took.</param>
/// <param name="Warnings">LOCAL_MODEL_USED …</param>
public sealed record Seen(VisionResult? Vision, JobError? Error, long Milliseconds, IReadOnlyList<string> Warnings);

/// <summary>What the rules decided. It holds facts only: the texts are looked up again by key and version.</summary>
/// <param name="Rule">The rule file of the final place; null when there is none.</param>
/// <param name="FinalPlace">Where it goes after re-routing; null when it could not be recognised.</param>
/// <param name="FinalMajorCode">Major code of the final place.</param>
/// <param name="Rerouted">True when it goes elsewhere than it looks.</param>
/// <param name="Blocking">Codes of the tags that keep the reward back.</param>
/// <param name="Milliseconds">What it took.</param>
/// <param name="Warnings">RULE_NOT_FOUND …</param>
public sealed record Ruled(
    RuleReference? Rule,
    Place? FinalPlace,
    string? FinalMajorCode,
    bool Rerouted,
    IReadOnlyList<string> Blocking,
    long Milliseconds,
    IReadOnlyList<string> Warnings);

/// <summary>Which rule holds, and how is it put out, in words?</summary>
public sealed record WriteAnswer(ScanRun Run, Seen Seen)
{
    public static readonly Activity<WriteAnswer, Answered> Activity = new(nameof(WriteAnswer));
}

/// <param name="Ruled">The rule it rests on.</param>
/// <param name="Answer">The answer; null when <paramref name="Error"/> says why not.</param>
/// <param name="Error">An expected "no".</param>
/// <param name="Milliseconds">What it took.</param>
/// <param name="Warnings">LOCAL_MODEL_USED …</param>
public sealed record Answered(Ruled Ruled, Answer? Answer, JobError? Error, long Milliseconds, IReadOnlyList<string> Warnings);

/// <summary>What did it earn? Ends the job as done.</summary>
public sealed record GiveReward(ScanRun Run, Seen Seen, Answered Answered)
{
    public static readonly Activity<GiveReward, Rewarded> Activity = new(nameof(GiveReward));
}

/// <param name="Reward">Possibly pending.</param>
public sealed record Rewarded(Reward Reward);

/// <summary>The reward was not decided in time: decide it now and put it into the history.</summary>
public sealed record SettleReward(ScanRun Run, Seen Seen)
{
    public static readonly Activity<SettleReward, Rewarded> Activity = new(nameof(SettleReward));
}

/// <summary>Ends the job as failed.</summary>
/// <param name="Run">The run.</param>
/// <param name="Error">Why.</param>
/// <param name="After">The event that stands before in the log, if it is known to be published.</param>
/// <param name="Seen">What was finished so far.</param>
/// <param name="Ruled">The rule, if it was found.</param>
public sealed record FailScan(ScanRun Run, JobError Error, string? After, Seen? Seen, Ruled? Ruled)
{
    public static readonly Activity<FailScan, ScanOutcome> Activity = new(nameof(FailScan));
}

/// <summary>How the workflow ended.</summary>
/// <param name="Status">succeeded or failed.</param>
/// <param name="ErrorCode">One of the scan error codes.</param>
public sealed record ScanOutcome(string Status, string? ErrorCode = null);
