#nullable disable
namespace Dapr.Actors.Runtime;

/// <summary>Names a timer.</summary>
public class ActorTimerToken
{
    /// <summary>Of an actor.</summary>
    public ActorTimerToken(string actorType, ActorId actorId, string name)
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

    /// <summary>The timer's name.</summary>
    public string Name { get; }
}

/// <summary>A timer.</summary>
public class ActorTimer : ActorTimerToken
{
    /// <summary>Without an end.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A time that cannot be.</exception>
    public ActorTimer(string actorType, ActorId actorId, string name, string timerCallback, byte[] data, TimeSpan dueTime, TimeSpan period)
        : this(actorType, actorId, name, timerCallback, data, dueTime, period, ttl: null)
    {
    }

    /// <summary>For a limited time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A time that cannot be.</exception>
    public ActorTimer(string actorType, ActorId actorId, string name, string timerCallback, byte[] data, TimeSpan dueTime, TimeSpan period, TimeSpan ttl)
        : this(actorType, actorId, name, timerCallback, data, dueTime, period, (TimeSpan?)ttl)
    {
    }

    /// <summary>Of an actor that nobody knows; left over from older versions.</summary>
    [Obsolete("Lacks what a timer needs.")]
    public ActorTimer(string timerName, TimerInfo timerInfo)
        : base("", ActorId.CreateRandom(), timerName) => TimerInfo = timerInfo;

    private ActorTimer(
        string actorType, ActorId actorId, string name, string timerCallback, byte[] data, TimeSpan dueTime, TimeSpan period, TimeSpan? ttl)
        : base(actorType, actorId, name)
    {
        CheckTimes(dueTime, period, ttl);
        TimerCallback = timerCallback;
        Data = data;
        DueTime = dueTime;
        Period = period;
        Ttl = ttl;
    }

    /// <summary>What the obsolete constructor was given.</summary>
#pragma warning disable CS0618 // The official property has an obsolete type.
    public TimerInfo TimerInfo { get; }
#pragma warning restore CS0618

    /// <summary>Name of the method to call.</summary>
    public string TimerCallback { get; }

    /// <summary>What the method is given.</summary>
    public byte[] Data { get; }

    /// <summary>When it is due first.</summary>
    public TimeSpan DueTime { get; }

    /// <summary>How often then; -1 ms: never again.</summary>
    public TimeSpan Period { get; }

    /// <summary>When it ends, after it is due first.</summary>
    public TimeSpan? Ttl { get; }

    internal static void CheckTimes(TimeSpan dueTime, TimeSpan period, TimeSpan? ttl)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(period, Timeout.InfiniteTimeSpan);
        if (ttl is { } end)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(end, dueTime, nameof(ttl));
        }
    }
}
