using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Scheduling;

namespace EmbeddedSidecar.Actors;

/// <summary>A reminder as it was asked for.</summary>
/// <param name="Data">JSON, or null.</param>
internal sealed record ReminderRequest(
    string Name, string DueTime, string Period, string Ttl, byte[]? Data, bool Overwrite, FailurePolicy? FailurePolicy);

/// <summary>Reminders, which the scheduler of the app keeps. Only for types that the app instance hosts.</summary>
internal sealed class ActorReminders(AppInstance app, ActorRuntime actors)
{
    private Scheduler Scheduler => app.Part<Scheduler>();

    /// <exception cref="Api.DaprException">In the words of the API.</exception>
    public async Task CreateAsync(ActorKey actor, ReminderRequest request, CancellationToken ct)
    {
        CheckHosted(actor.Type);
        try
        {
            EntryName.CheckLength(request.Name);
            var (schedule, repeats) = Schedule(request.Period);
            await Scheduler.AddAsync(
                new ScheduleEntry
                {
                    Kind = ScheduleKind.Reminder,
                    Name = request.Name,
                    ActorType = actor.Type,
                    ActorId = actor.Id,
                    Schedule = schedule,
                    Repeats = repeats,
                    DueTime = request.DueTime.Length > 0 ? request.DueTime : null,
                    Ttl = request.Ttl.Length > 0 ? request.Ttl : null,
                    Data = request.Data,
                    FailurePolicy = request.FailurePolicy ?? FailurePolicy.Standard,
                },
                request.Overwrite,
                ct);
        }
        catch (AlreadyScheduledException)
        {
            throw ActorErrors.ReminderExists(request.Name);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            throw ActorErrors.Failed("ERR_ACTOR_REMINDER_CREATE", "error creating actor reminder", failed);
        }
    }

    /// <exception cref="Api.DaprException">There is none, or in the words of the API.</exception>
    public async Task<ScheduleEntry> GetAsync(ActorKey actor, string name, CancellationToken ct)
    {
        CheckHosted(actor.Type);
        return await Scheduler.GetAsync(ScheduleEntry.ReminderKey(actor.Type, actor.Id, name), ct) ?? throw ActorErrors.NoReminder(name);
    }

    /// <param name="id">Null = of all actors of the type.</param>
    public Task<IReadOnlyList<ScheduleEntry>> ListAsync(string type, string? id, CancellationToken ct)
    {
        CheckHosted(type);
        return Scheduler.ListAsync(
            entry => entry.Kind == ScheduleKind.Reminder && entry.ActorType == type && (string.IsNullOrEmpty(id) || entry.ActorId == id), ct);
    }

    public async Task DeleteAsync(ActorKey actor, string name, CancellationToken ct)
    {
        CheckHosted(actor.Type);
        await DeleteAsync([ScheduleEntry.ReminderKey(actor.Type, actor.Id, name)], ct);
    }

    /// <param name="id">Null = of all actors of the type.</param>
    public async Task DeleteAllAsync(string type, string? id, CancellationToken ct) =>
        await DeleteAsync((await ListAsync(type, id, ct)).Select(entry => entry.Key), ct);

    /// <summary>When a reminder's time to live ends, if it was given as a time: so much daprd tells.</summary>
    public static string? Expiry(ScheduleEntry entry) =>
        entry.Ttl is { } ttl && PointInTime.TryParseTime(ttl, out var at) ? PointInTime.Format(at) : null;

    private async Task DeleteAsync(IEnumerable<string> keys, CancellationToken ct)
    {
        try
        {
            foreach (var key in keys)
            {
                await Scheduler.DeleteAsync(key, ct);
            }
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            throw ActorErrors.Failed("ERR_ACTOR_REMINDER_DELETE", "error deleting actor reminder", failed);
        }
    }

    private void CheckHosted(string type)
    {
        if (!actors.IsHosted(app, type))
        {
            throw ActorErrors.NotHosted();
        }
    }

    private static (string? Schedule, uint? Repeats) Schedule(string text)
    {
        if (text.Length == 0)
        {
            return (null, null);
        }

        return Period.TryParse(text, out var period) && !period.IsCalendar
            ? ($"@every {GoDuration.Format(period.Time)}", period.Repetitions > 0 ? (uint)period.Repetitions.Value : null)
            : throw new FormatException($"unsupported period format: {text}");
    }
}
