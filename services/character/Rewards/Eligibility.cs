using Eco2.Contracts.Character;

namespace Eco2.Character.Rewards;

/// <summary>The conditions that need no memory, in their order; what was earned before is asked of the database.</summary>
internal static class Eligibility
{
    private const string Recyclable = "recyclable";

    /// <summary>The reason code of the first condition that does not hold, or null.</summary>
    public static string? Refusal(EvaluateReward scan, CharacterOptions options) => scan switch
    {
        _ when !options.RewardsEnabled => "DISABLED",
        { Classified: false } => "UNCLASSIFIED",
        { Multiple: true } => "MULTIPLE_ITEMS",
        // Not "<": a confidence that is not a number is none.
        _ when !(scan.Confidence >= options.MinConfidence) => "LOW_CONFIDENCE",
        { FinalMajorCode: not Recyclable } => "NOT_RECYCLABLE",
        { RuleFound: false } or { FinalMiddleCode: null or "" } => "NO_RULE",
        { BlockingInsufficiency: true } => "INSUFFICIENT",
        _ => null,
    };
}
