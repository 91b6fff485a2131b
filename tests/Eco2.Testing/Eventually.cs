using System.Diagnostics;

namespace Eco2.Testing;

/// <summary>Waiting for a condition with a deadline; the only way tests wait.</summary>
public static class Eventually
{
    /// <summary>Returns once <paramref name="condition"/> holds, or fails with <paramref name="what"/> after <paramref name="within"/> (default 60 s).</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? within = null, CancellationToken ct = default)
    {
        var clock = Stopwatch.StartNew();
        var limit = within ?? TimeSpan.FromSeconds(60);
        var pause = TimeSpan.FromMilliseconds(5);
        while (!await condition())
        {
            if (clock.Elapsed > limit)
            {
                throw new TimeoutException($"Not within {limit.TotalSeconds} s: {what}");
            }

            await Task.Delay(pause, ct);
            pause = TimeSpan.FromMilliseconds(Math.Min(pause.TotalMilliseconds * 1.5, 100));
        }
    }

    /// <summary>The same for a condition that needs no waiting itself.</summary>
    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? within = null, CancellationToken ct = default) =>
        TrueAsync(() => Task.FromResult(condition()), what, within, ct);
}
