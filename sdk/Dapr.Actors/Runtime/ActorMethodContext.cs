#nullable disable
namespace Dapr.Actors.Runtime;

/// <summary>What called an actor.</summary>
public enum ActorCallType
{
    /// <summary>A caller.</summary>
    ActorInterfaceMethod = 0,

    /// <summary>A timer.</summary>
    TimerMethod = 1,

    /// <summary>A reminder.</summary>
    ReminderMethod = 2,
}

/// <summary>The call that an actor is in.</summary>
#pragma warning disable CA1815 // Nobody compares it.
public struct ActorMethodContext
#pragma warning restore CA1815
{
    internal ActorMethodContext(string methodName, ActorCallType callType)
    {
        MethodName = methodName;
        CallType = callType;
    }

    /// <summary>The method; <c>ReceiveReminderAsync</c> for reminders, <c>FireTimerAsync</c> for timers.</summary>
    public string MethodName { get; }

    /// <summary>What called.</summary>
    public ActorCallType CallType { get; }
}
