using System.Text.Json.Serialization;
using EmbeddedSidecar.State;

namespace EmbeddedSidecar.Scheduling;

internal enum ScheduleKind
{
    Job = 1,
    Reminder = 2,
}

/// <summary>A job or a reminder as it is stored: what was asked for, and how far it has come.</summary>
internal sealed record ScheduleEntry
{
    public required ScheduleKind Kind { get; init; }

    public required string Name { get; init; }

    /// <summary>Of a reminder.</summary>
    public string ActorType { get; init; } = "";

    /// <summary>Of a reminder.</summary>
    public string ActorId { get; init; } = "";

    public string? Schedule { get; init; }

    public uint? Repeats { get; init; }

    /// <summary>As the caller wrote it.</summary>
    public string? DueTime { get; init; }

    /// <summary>As the caller wrote it.</summary>
    public string? Ttl { get; init; }

    /// <summary>Type URL of the data of a job.</summary>
    public string DataType { get; init; } = "";

    /// <summary>Bytes of the Any of a job, JSON of a reminder; null = none was given.</summary>
    public byte[]? Data { get; init; }

    public FailurePolicy FailurePolicy { get; init; } = FailurePolicy.Standard;

    /// <summary>When it was accepted.</summary>
    public DateTimeOffset Start { get; init; }

    /// <summary>The first trigger, if a due time was given.</summary>
    public DateTimeOffset? Due { get; init; }

    /// <summary>No trigger after this.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Triggers done, whether they succeeded or were given up.</summary>
    public uint Count { get; init; }

    /// <summary>When the last of them was due.</summary>
    public DateTimeOffset? Last { get; init; }

    /// <summary>Failed deliveries of the current trigger.</summary>
    public uint Attempts { get; init; }

    /// <summary>Unique within an app. Names of jobs and reminders may contain the separator; their prefixes still tell them apart.</summary>
    [JsonIgnore]
    public string Key => Kind == ScheduleKind.Job ? JobKey(Name) : ReminderKey(ActorType, ActorId, Name);

    public static string JobKey(string name) => "app" + StateStore.Separator + name;

    public static string ReminderKey(string actorType, string actorId, string name) =>
        string.Join(StateStore.Separator, "actorreminder", actorType, actorId, name);
}

/// <summary>What becomes of a delivery that failed.</summary>
/// <param name="Drop">The trigger is given up at once.</param>
/// <param name="Interval">Between attempts.</param>
/// <param name="MaxRetries">Null = until it succeeds.</param>
internal sealed record FailurePolicy(bool Drop, TimeSpan Interval, uint? MaxRetries)
{
    public static readonly FailurePolicy Standard = new(false, TimeSpan.FromSeconds(1), 3);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ScheduleEntry))]
internal sealed partial class ScheduleJson : JsonSerializerContext;
