namespace Eco2.Contracts.Character;

/// <summary>What a finished scan earned.</summary>
/// <param name="Status">granted, already_owned, not_eligible or pending.</param>
/// <param name="ReasonCode">Why not: DISABLED, UNCLASSIFIED, MULTIPLE_ITEMS, LOW_CONFIDENCE, NOT_RECYCLABLE, NO_RULE, INSUFFICIENT,
/// DUPLICATE_IMAGE, DAILY_LIMIT or NO_CHARACTER.</param>
/// <param name="Character">The character, when granted or already owned.</param>
/// <param name="MatchReason"><c>{middle}&gt;{minor}</c> in Korean, minor omitted when null.</param>
public sealed record Reward(string Status, string? ReasonCode, RewardCharacter? Character, string? MatchReason);

/// <summary>A character as shown.</summary>
/// <param name="Code">Stable code.</param>
/// <param name="Name">Korean name.</param>
/// <param name="Type">What it stands for.</param>
/// <param name="Dialog">One line it says.</param>
/// <param name="ImageUrl">Where its picture is.</param>
public sealed record RewardCharacter(string Code, string Name, string Type, string Dialog, string ImageUrl);

/// <summary>Argument of the method <see cref="Method"/> of the actor <see cref="ActorType"/> whose id is the user's; the answer is a <see cref="Reward"/>.
/// Evaluating the same job again returns the first result.</summary>
/// <param name="UserId">Who may earn.</param>
/// <param name="JobId">The job: the key that makes it idempotent.</param>
/// <param name="Source">scan.</param>
/// <param name="ImageSha256">The same picture is rewarded once per user.</param>
/// <param name="Classified">False when nothing could be recognised.</param>
/// <param name="Multiple">Several objects in the picture.</param>
/// <param name="Confidence">0 to 1, of the middle category.</param>
/// <param name="FinalMajorCode">After re-routing.</param>
/// <param name="FinalMiddleCode">After re-routing.</param>
/// <param name="FinalMiddleName">Korean.</param>
/// <param name="MinorName">Korean, or null.</param>
/// <param name="RuleFound">A rule file was used.</param>
/// <param name="BlockingInsufficiency">Something blocking is not done yet.</param>
public sealed record EvaluateReward(
    Guid UserId,
    Guid JobId,
    string Source,
    string ImageSha256,
    bool Classified,
    bool Multiple,
    double Confidence,
    string FinalMajorCode,
    string FinalMiddleCode,
    string FinalMiddleName,
    string? MinorName,
    bool RuleFound,
    bool BlockingInsufficiency)
{
    /// <summary>The actor type, hosted by the app character.</summary>
    public const string ActorType = "Rewards";

    /// <summary>The method.</summary>
    public const string Method = "EvaluateAsync";
}

/// <summary>A user got a character. Published once per ownership; a repeat changes nothing.</summary>
/// <param name="OwnershipId">Id of the ownership row.</param>
/// <param name="UserId">The owner.</param>
/// <param name="Character">What they got.</param>
/// <param name="MatchCode">The middle code it stands for, null for the mascot.</param>
/// <param name="Source">scan or onboarding.</param>
/// <param name="JobId">The scan that earned it, null at sign-up.</param>
/// <param name="AcquiredAt">UTC.</param>
public sealed record CharacterGranted(
    Guid OwnershipId,
    Guid UserId,
    RewardCharacter Character,
    string? MatchCode,
    string Source,
    Guid? JobId,
    DateTimeOffset AcquiredAt)
{
    /// <summary>Where it is published.</summary>
    public const string Topic = "character.granted";
}
