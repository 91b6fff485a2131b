#nullable disable
namespace Dapr.Actors.Runtime;

/// <summary>An actor that reminders reach.</summary>
public interface IRemindable
{
    /// <summary>A reminder is due. The times are -1 ms where the runtime does not tell them.</summary>
    Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period);
}

/// <summary>A reminder.</summary>
public interface IActorReminder
{
    /// <summary>Its name, unique within the actor.</summary>
    string Name { get; }

    /// <summary>When it is due first.</summary>
    TimeSpan DueTime { get; }

    /// <summary>How often then; -1 ms: never again.</summary>
    TimeSpan Period { get; }

    /// <summary>What the actor is given.</summary>
    byte[] State { get; }
}

/// <summary>Names a reminder.</summary>
public class ActorReminderToken
{
    /// <summary>Of an actor.</summary>
    public ActorReminderToken(string actorType, ActorId actorId, string name)
    {
        ArgumentNullException.ThrowIfNull(actorType);
        ArgumentNullException.ThrowIfNull(actorId);
        ArgumentNullException.ThrowIfNull(name);
        ActorType = actorType;
        ActorId = actorId;
        Name = name;
    }

    /// <summary>The actor's type.</summary>
    public string ActorType { get; }

    /// <summary>The actor's id.</summary>
    public ActorId ActorId { get; }

    /// <summary>The reminder's name.</summary>
    public string Name { get; }
}

/// <summary>A reminder.</summary>
public class ActorReminder : ActorReminderToken, IActorReminder
{
    /// <summary>Without an end.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A time that cannot be.</exception>
    public ActorReminder(string actorType, ActorId actorId, string name, byte[] state, TimeSpan dueTime, TimeSpan period)
        : this(actorType, actorId, name, state, dueTime, period, repetitions: null, ttl: null)
    {
    }

    /// <summary>For a limited time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A time that cannot be.</exception>
    public ActorReminder(string actorType, ActorId actorId, string name, byte[] state, TimeSpan dueTime, TimeSpan period, TimeSpan ttl)
        : this(actorType, actorId, name, state, dueTime, period, repetitions: null, ttl)
    {
    }

    /// <summary>For a limited time and a limited number of calls.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A time or a number that cannot be.</exception>
    public ActorReminder(
        string actorType, ActorId actorId, string name, byte[] state, TimeSpan dueTime, TimeSpan period, int? repetitions, TimeSpan? ttl)
        : base(actorType, actorId, name)
    {
        ActorTimer.CheckTimes(dueTime, period, ttl);
        if (repetitions is { } times)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(times, nameof(repetitions));
        }

        State = state;
        DueTime = dueTime;
        Period = period;
        Repetitions = repetitions;
        Ttl = ttl;
    }

    /// <summary>For a limited number of calls.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A time or a number that cannot be.</exception>
    public ActorReminder(string actorType, ActorId actorId, string name, byte[] state, TimeSpan dueTime, TimeSpan period, int? repetitions)
        : this(actorType, actorId, name, state, dueTime, period, repetitions, ttl: null)
    {
    }

    /// <inheritdoc/>
    public byte[] State { get; }

    /// <inheritdoc/>
    public TimeSpan DueTime { get; }

    /// <inheritdoc/>
    public TimeSpan Period { get; }

    /// <summary>When it ends, after it is due first.</summary>
    public TimeSpan? Ttl { get; }

    /// <summary>How many calls.</summary>
    public int? Repetitions { get; }
}
