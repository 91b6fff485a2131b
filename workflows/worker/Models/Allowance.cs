namespace Eco2.Worker.Models;

/// <summary>So many per minute, in any minute: a twentieth may be taken at once, the rest comes evenly. What costs more than it turns out to have
/// is waited for afterwards. Not safe for several threads.</summary>
internal sealed class Allowance(TimeProvider clock, long now)
{
    private const double Burst = 0.05;
    private double perMinute;
    private double available;
    private long filledAt = now;

    private double Most => Math.Max(1, perMinute * Burst);

    private double PerSecond => Math.Max(perMinute * (1 - Burst), 0.01) / 60;

    /// <summary>0: no limit.</summary>
    internal void Limit(double most)
    {
        var before = perMinute;
        perMinute = most;
        available = before == 0 ? Most : Math.Min(available, Most);
    }

    /// <summary>How long until <paramref name="amount"/> may be spent.</summary>
    internal TimeSpan Wait(double amount, long at)
    {
        if (perMinute == 0)
        {
            return TimeSpan.Zero;
        }

        available = Math.Min(Most, available + (clock.GetElapsedTime(filledAt, at).TotalSeconds * PerSecond));
        filledAt = at;
        // Something larger than all that can gather goes through on a full allowance and leaves a debt.
        var needed = amount > Most && available >= Most ? 0 : amount - available;
        return needed <= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Ceiling(needed / PerSecond * 1000) / 1000);
    }

    /// <summary>Less than nothing gives back.</summary>
    internal void Spend(double amount)
    {
        if (perMinute != 0)
        {
            available -= amount;
        }
    }
}
