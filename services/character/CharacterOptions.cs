using System.ComponentModel.DataAnnotations;

namespace Eco2.Character;

/// <summary>The section "Character".</summary>
internal sealed class CharacterOptions
{
    /// <value>Rewards are given; true.</value>
    public bool RewardsEnabled { get; init; } = true;

    /// <value>Below this confidence of the middle category nothing is earned; 0.55.</value>
    [Range(0.0, 1.0)]
    public double MinConfidence { get; init; } = 0.55;

    /// <value>Characters a user may get in one day of Seoul; 20.</value>
    [Range(0, 10_000)]
    public int DailyLimit { get; init; } = 20;

    /// <value>Where the pictures are; without it the base in characters.json.</value>
    public string? AssetBase { get; init; }
}
