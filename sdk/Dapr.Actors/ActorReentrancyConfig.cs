namespace Dapr.Actors;

/// <summary>Whether an actor may be called again, within the chain of calls it is in.</summary>
public sealed class ActorReentrancyConfig
{
    /// <summary>Whether it may; false unless set.</summary>
    public bool Enabled { get; set; }

    /// <summary>How deep a chain may be; null: 32.</summary>
    public int? MaxStackDepth { get; set; }
}

/// <summary>The chain of calls that the current flow belongs to, as the runtime names it.</summary>
internal static class ReentrancyChain
{
    public const string Header = "Dapr-Reentrancy-Id";

    private static readonly AsyncLocal<string?> Id = new();

    public static string? Current
    {
        get => Id.Value;
        set => Id.Value = value;
    }
}
