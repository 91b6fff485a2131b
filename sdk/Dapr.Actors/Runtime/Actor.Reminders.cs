#nullable disable
namespace Dapr.Actors.Runtime;

public abstract partial class Actor
{
    /// <summary>Calls <see cref="IRemindable.ReceiveReminderAsync"/> later, wherever the actor then is; one of the same name is replaced.</summary>
    /// <param name="reminderName">Unique within the actor.</param>
    /// <param name="state">What the actor is given.</param>
    /// <param name="dueTime">When first.</param>
    /// <param name="period">How often then; -1 ms: never again.</param>
    /// <exception cref="ArgumentOutOfRangeException">A time that cannot be.</exception>
    protected Task<IActorReminder> RegisterReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period) =>
        RegisterAsync(new ActorReminder(Host.ActorTypeInfo.ActorTypeName, Id, reminderName, state, dueTime, period));

    /// <summary>The same, for a limited time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A time that cannot be.</exception>
    protected Task<IActorReminder> RegisterReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period, TimeSpan ttl) =>
        RegisterAsync(new ActorReminder(Host.ActorTypeInfo.ActorTypeName, Id, reminderName, state, dueTime, period, ttl));

    /// <summary>The same, for a limited time and a limited number of calls. The period then has whole seconds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A time or a number that cannot be.</exception>
    protected Task<IActorReminder> RegisterReminderAsync(
        string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period, int repetitions, TimeSpan ttl) =>
        RegisterAsync(new ActorReminder(Host.ActorTypeInfo.ActorTypeName, Id, reminderName, state, dueTime, period, repetitions, ttl));

    /// <summary>The same, for a limited number of calls. The period then has whole seconds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A time or a number that cannot be.</exception>
    protected Task<IActorReminder> RegisterReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period, int repetitions) =>
        RegisterAsync(new ActorReminder(Host.ActorTypeInfo.ActorTypeName, Id, reminderName, state, dueTime, period, repetitions));

    /// <summary>A reminder as the runtime keeps it.</summary>
    /// <exception cref="DaprApiException">There is none, or the runtime failed.</exception>
    protected Task<IActorReminder> GetReminderAsync(string reminderName) =>
        Host.TimerManager.GetReminderAsync(new ActorReminderToken(Host.ActorTypeInfo.ActorTypeName, Id, reminderName));

    /// <summary>Ends a reminder.</summary>
    protected Task UnregisterReminderAsync(IActorReminder reminder) => reminder is ActorReminderToken token
        ? Host.TimerManager.UnregisterReminderAsync(token)
        : UnregisterReminderAsync(reminder.Name);

    /// <summary>Ends a reminder.</summary>
    protected Task UnregisterReminderAsync(string reminderName) =>
        Host.TimerManager.UnregisterReminderAsync(new ActorReminderToken(Host.ActorTypeInfo.ActorTypeName, Id, reminderName));

    private async Task<IActorReminder> RegisterAsync(ActorReminder reminder)
    {
        await Host.TimerManager.RegisterReminderAsync(reminder).ConfigureAwait(false);
        return reminder;
    }
}
