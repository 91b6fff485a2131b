using System.Text.Json;

namespace Dapr.Actors.Runtime;

/// <summary>How this app hosts actors. What is not set is the runtime's choice.</summary>
public sealed class ActorRuntimeOptions
{
    private TimeSpan? _idle;
    private TimeSpan? _scan;
    private TimeSpan? _drain;
    private int? _partitions;
    private string? _token = "";
    private JsonSerializerOptions _json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, PropertyNameCaseInsensitive = true };

    /// <summary>The types.</summary>
    public ActorRegistrationCollection Actors { get; } = [];

    /// <summary>After how long without a call an actor is deactivated.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not positive.</exception>
    public TimeSpan? ActorIdleTimeout
    {
        get => _idle;
        set => _idle = Positive(value);
    }

    /// <summary>Sent, and ignored by the runtime since 1.13.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not positive.</exception>
    public TimeSpan? ActorScanInterval
    {
        get => _scan;
        set => _scan = Positive(value);
    }

    /// <summary>How long a call may still take when its actor is moved away.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not positive.</exception>
    public TimeSpan? DrainOngoingCallTimeout
    {
        get => _drain;
        set => _drain = Positive(value);
    }

    /// <summary>Whether calls are waited for when an actor is moved away.</summary>
    public bool DrainRebalancedActors { get; set; }

    /// <summary>Whether actors may be called again within their chain of calls.</summary>
    public ActorReentrancyConfig ReentrancyConfig { get; set; } = new();

    /// <summary>Whether typed calls speak JSON instead of binary XML. Callers must do the same.</summary>
    public bool UseJsonSerialization { get; set; }

    /// <summary>How state and arguments become JSON: camelCase, read without regard to case, unless set.</summary>
    public JsonSerializerOptions JsonSerializerOptions
    {
        get => _json;
        set => _json = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The token for the sidecar; from configuration or environment unless set.</summary>
    public string? DaprApiToken
    {
        get => _token;
        set => _token = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>Sent, and ignored by the runtime since reminders live in the scheduler.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int? RemindersStoragePartitions
    {
        get => _partitions;
        set => _partitions = value is < 0 ? throw new ArgumentOutOfRangeException(nameof(value), value, "Must not be negative.") : value;
    }

    /// <summary>The sidecar's HTTP API; from configuration or environment unless set.</summary>
    public string? HttpEndpoint { get; set; }

    private static TimeSpan? Positive(TimeSpan? value) =>
        value <= TimeSpan.Zero ? throw new ArgumentOutOfRangeException(nameof(value), value, "Must be positive.") : value;
}
