#nullable disable
using System.Text.Json;
using Dapr.Actors.Communication;

namespace Dapr.Actors.Runtime;

/// <summary>Keeps timers and reminders; a test may have its own.</summary>
public abstract class ActorTimerManager
{
    /// <summary>Keeps a reminder.</summary>
    public abstract Task RegisterReminderAsync(ActorReminder reminder);

    /// <summary>A reminder that is kept.</summary>
    public abstract Task<IActorReminder> GetReminderAsync(ActorReminderToken reminder);

    /// <summary>Ends a reminder.</summary>
    public abstract Task UnregisterReminderAsync(ActorReminderToken reminder);

    /// <summary>Keeps a timer.</summary>
    public abstract Task RegisterTimerAsync(ActorTimer timer);

    /// <summary>Ends a timer.</summary>
    public abstract Task UnregisterTimerAsync(ActorTimerToken timer);
}

/// <summary>The sidecar keeps them.</summary>
internal sealed class SidecarTimers(SidecarActors sidecar) : ActorTimerManager
{
    public override Task RegisterReminderAsync(ActorReminder reminder)
    {
        ArgumentNullException.ThrowIfNull(reminder);
        return sidecar.PutReminderAsync(reminder.ActorType, reminder.ActorId.ToString(), reminder.Name, Write(reminder));
    }

    public override async Task<IActorReminder> GetReminderAsync(ActorReminderToken reminder)
    {
        ArgumentNullException.ThrowIfNull(reminder);
        var answer = await sidecar.GetReminderAsync(reminder.ActorType, reminder.ActorId.ToString(), reminder.Name).ConfigureAwait(false);
        using var json = JsonDocument.Parse(answer);
        var kept = json.RootElement;
        if (kept.ValueKind != JsonValueKind.Object || !kept.EnumerateObject().Any())
        {
            return null;
        }

        // A job that is due at once is kept without a due time.
        var due = TimerInfoJson.Time(kept, "dueTime");
        return new ActorReminder(
            reminder.ActorType,
            reminder.ActorId,
            reminder.Name,
            TimerInfoJson.Bytes(kept),
            due < TimeSpan.Zero ? TimeSpan.Zero : due,
            TimerInfoJson.Time(kept, "period"));
    }

    public override Task UnregisterReminderAsync(ActorReminderToken reminder)
    {
        ArgumentNullException.ThrowIfNull(reminder);
        return sidecar.DeleteReminderAsync(reminder.ActorType, reminder.ActorId.ToString(), reminder.Name);
    }

    public override Task RegisterTimerAsync(ActorTimer timer)
    {
        ArgumentNullException.ThrowIfNull(timer);
#pragma warning disable CS0618 // What goes over the wire is the obsolete type.
        var info = new TimerInfo(timer.TimerCallback, timer.Data, timer.DueTime, timer.Period, timer.Ttl);
#pragma warning restore CS0618
        return sidecar.PutTimerAsync(timer.ActorType, timer.ActorId.ToString(), timer.Name, JsonSerializer.SerializeToUtf8Bytes(info));
    }

    public override Task UnregisterTimerAsync(ActorTimerToken timer)
    {
        ArgumentNullException.ThrowIfNull(timer);
        return sidecar.DeleteTimerAsync(timer.ActorType, timer.ActorId.ToString(), timer.Name);
    }

    private static byte[] Write(ActorReminder reminder)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("dueTime", Durations.Write(reminder.DueTime));
            writer.WriteString("period", Durations.WritePeriod(reminder.Period, reminder.Repetitions));
            writer.WriteBase64String("data", reminder.State);
            if (reminder.Ttl is not null)
            {
                writer.WriteString("ttl", Durations.Write(reminder.Ttl));
            }

            writer.WriteEndObject();
        }

        return stream.ToArray();
    }
}
