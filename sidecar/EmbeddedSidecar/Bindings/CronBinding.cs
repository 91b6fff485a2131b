using System.Globalization;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Scheduling;

namespace EmbeddedSidecar.Bindings;

/// <summary>bindings.cron: calls the app on a schedule, on every replica. What the app answers does not matter.</summary>
internal sealed class CronBinding : IInputBinding
{
    // The zone of this machine as Go names it.
    private static readonly string Zone = Environment.GetEnvironmentVariable("TZ") is { } zone
        ? zone.TrimStart(':') is { Length: > 0 } name ? name : "UTC"
        : File.Exists("/etc/localtime") ? "Local" : "UTC";

    private readonly CronSchedule _schedule;
    private readonly TimeProvider _clock;

    public CronBinding(ComponentContext context)
    {
        _clock = context.Services.Clock;
        try
        {
            _schedule = CronSchedule.Parse(context.Metadata.Required("schedule"));
        }
        catch (FormatException broken)
        {
            throw context.Metadata.Refuse("schedule", $"is not understood: {broken.Message}");
        }
    }

    public Task OpenAsync(CancellationToken ct) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public async Task RunAsync(Func<BindingEvent, CancellationToken, Task> deliver, CancellationToken ct)
    {
        // A tick that takes long delays none of the following: each is due by the clock.
        while (_schedule.After(_clock.GetUtcNow()) is { } next)
        {
            var wait = next - _clock.GetUtcNow();
            if (wait > TimeSpan.Zero)
            {
                // Timers may not exceed 49 days; a far date is reached in steps.
                await Task.Delay(wait < TimeSpan.FromDays(1) ? wait : TimeSpan.FromDays(1), _clock, ct);
            }

            if (_clock.GetUtcNow() >= next)
            {
                var metadata = new Dictionary<string, string>
                {
                    ["timeZone"] = Zone,
                    ["readTimeUTC"] = _clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF '+0000 UTC'", CultureInfo.InvariantCulture),
                };
                _ = deliver(new BindingEvent(default, metadata), ct);
            }
        }
    }
}
